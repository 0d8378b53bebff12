using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

internal sealed class HandOffCommand : Command
{
    public override string Name => "handoff";

    public override string Summary => "from one process's release to another's acquire";

    public override IReadOnlyList<(string Option, string Meaning)> Options =>
    [
        ("--rounds N", "rounds, each of one hand-off by those who poll and six by those who do not (default 50)"),
        ("--implementation A,B", "as for contention"),
    ];

    public static Task<(double PingP50, IReadOnlyList<HandOffResult> Results)> MeasureAsync(
        RedisTarget target, IReadOnlyList<Contender> contenders, int rounds) =>
        Screen.StepAsync("Hand-off between processes", progress => HandOff.RunAsync(target, contenders, rounds, progress));

    public static void Show(double pingP50, IReadOnlyList<HandOffResult> results) => Screen.Table(
        $"Hand-off: one process's release → another's acquire (PING p50 in this run: {Text.Tenths(pingP50)} µs)",
        ["implementation", "hand-offs", "mean ms", "p50 ms", "p99 ms", "mean × PING"],
        results.Select(static result => new[]
        {
            result.Implementation, Text.Whole(result.HandOffs), Text.Ratio(result.MeanMicroseconds / 1000), Text.Ratio(result.P50Microseconds / 1000),
            Text.Ratio(result.P99Microseconds / 1000), Text.Tenths(result.TimesPing),
        }));

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments)
    {
        var rounds = arguments.Integer("--rounds", 50, 1, 100_000);
        var contenders = Catalog.Choose(arguments.Text("--implementation"));
        return async (target, report) =>
        {
            var (pingP50, results) = await MeasureAsync(target, contenders, rounds);
            Show(pingP50, results);
            report.Add(Name, new { pingP50Microseconds = pingP50, results });
            return 0;
        };
    }
}
