using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

internal sealed class UncontendedCommand : Command
{
    public override string Name => "uncontended";

    public override string Summary => "uncontended acquire + release, all implementations in turn";

    public override IReadOnlyList<(string Option, string Meaning)> Options => [("--seconds N", "how long to measure, after a warm-up of a quarter of it (default 16)")];

    public static async Task<IReadOnlyList<UncontendedResult>> MeasureAsync(RedisTarget target, double seconds)
    {
        await using var connection = await RedisTarget.ConnectAsync(target.Endpoint);
        var pairs = Catalog.Pairs(connection);
        try
        {
            return await Screen.StepAsync(
                "Uncontended acquire + release", progress => Uncontended.RunAsync(
                    pairs, pairs.OfType<RawSetNx>().Single(), pairs.OfType<OwnScripts>().Single(), target.Counters.ProcessorTimeAsync, TimeSpan.FromSeconds(seconds), progress));
        }
        finally
        {
            foreach (var pair in pairs)
            {
                await pair.DisposeAsync();
            }
        }
    }

    public static void Show(IReadOnlyList<UncontendedResult> results) => Screen.Table(
        "Uncontended acquire + release (ratios: median of the rounds)",
        ["implementation", "p50 µs", "p99 µs", "mean µs", "bytes", "client CPU µs", "server CPU µs", "× floor", "× own scripts"],
        results.Select(static result => new[]
        {
            result.Name, Text.Tenths(result.P50Microseconds), Text.Tenths(result.P99Microseconds), Text.Tenths(result.MeanMicroseconds),
            Text.Whole(result.BytesPerPair), Text.Tenths(result.ClientProcessorMicroseconds), Text.Tenths(result.ServerProcessorMicroseconds),
            Text.Ratio(result.RatioToFloor), Text.Ratio(result.RatioToOwnScripts),
        }));

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments)
    {
        var seconds = arguments.Number("--seconds", 16, 1, 3600);
        return async (target, report) =>
        {
            var results = await MeasureAsync(target, seconds);
            Show(results);
            report.Add(Name, results);
            return 0;
        };
    }
}
