using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

internal sealed class ScaleCommand : Command
{
    public override string Name => "scale";

    public override string Summary => "what it costs to hold many leases";

    public override IReadOnlyList<(string Option, string Meaning)> Options => [("--leases N", "the most leases to hold (default 10000)")];

    public static Task<IReadOnlyList<ScaleResult>> MeasureAsync(RedisTarget target, params IReadOnlyList<int> counts) =>
        Screen.StepAsync("Many held leases", progress => Scale.RunAsync(target, counts, progress));

    public static void Show(IReadOnlyList<ScaleResult> results) => Screen.Table(
        "Held leases: the cost of a renewal cycle",
        ["leases", "commands", "leases each", "cycle ms", "bytes a lease", "extra timers", "extra threads"],
        results.Select(static result => new[]
        {
            Text.Whole(result.Leases), Text.Tenths(result.CommandsPerCycle), Text.Tenths(result.LeasesPerCommand), Text.Tenths(result.CycleMilliseconds),
            Text.Whole(result.BytesPerLeaseAndCycle), Text.Whole(result.ExtraTimers), Text.Whole(result.ExtraThreads),
        }));

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments)
    {
        var most = arguments.Integer("--leases", 10_000, 1, 1_000_000);
        return async (target, report) =>
        {
            var results = await MeasureAsync(target, [.. new[] { 10, 1000 }.Where(count => count < most), most]);
            Show(results);
            report.Add(Name, results);
            return 0;
        };
    }
}
