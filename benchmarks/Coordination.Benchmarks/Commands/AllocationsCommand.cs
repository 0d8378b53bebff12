using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;
using Coordination.Redis;

namespace Coordination.Benchmarks.Commands;

/// <summary>Where the bytes of an uncontended pair go.</summary>
internal sealed class AllocationsCommand : Command
{
    public override string Name => "allocations";

    public override string Summary => "what types an uncontended acquire + release of ours allocates, on Redis";

    public override IReadOnlyList<(string Option, string Meaning)> Options => [("--pairs N", "how many to run (default 100000)")];

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments)
    {
        var pairs = arguments.Integer("--pairs", 100_000, 1000, 100_000_000);
        return async (target, report) =>
        {
            await using var connection = await RedisTarget.ConnectAsync(target.Endpoint);
            await using var ours = new CoordinationLock(new RedisBackend(connection));
            var perPair = await Screen.StepAsync("Counting", _ => CountAsync(ours, 10_000));
            using var sampler = new AllocationSampler();
            await Screen.StepAsync("Sampling", _ => CountAsync(ours, pairs));
            var types = sampler.Shares().Select(type => new { type.Type, type.Share, Bytes = type.Share * perPair }).ToList();
            Screen.Table(
                $"Allocated by an uncontended pair: {Text.Whole(perPair)} bytes",
                ["type", "bytes", "%"],
                types.Where(static type => type.Share >= 0.005).Select(static type => new[] { type.Type, Text.Whole(type.Bytes), Text.Tenths(type.Share * 100) }));
            report.Add(Name, new { bytesPerPair = perPair, types });
            return 0;
        };
    }

    private static async Task<double> CountAsync(CoordinationLock ours, int pairs)
    {
        for (var i = 0; i < 1000; i++)
        {
            await ours.RunAsync();
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < pairs; i++)
        {
            await ours.RunAsync();
        }

        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / pairs;
    }
}
