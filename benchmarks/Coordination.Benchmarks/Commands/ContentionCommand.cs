using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

internal sealed class ContentionCommand : Command
{
    public override string Name => "contention";

    public override string Summary => "workers that contend for one lock, in processes of their own";

    public override IReadOnlyList<(string Option, string Meaning)> Options =>
    [
        ("--workers N", "workers over all processes (default 16)"),
        ("--processes N", "processes, each with one connection (default 1)"),
        ("--hold-ms N", "how long a worker holds (default 1)"),
        ("--pause-ms N", "how long it pauses after a release (default 0)"),
        ("--seconds N", "how long to measure each implementation (default 10)"),
        ("--rounds N", "in how many slices, the implementations taking turns (default 2)"),
        ("--implementation A,B", string.Join(", ", Catalog.Contenders.Select(static c => c.Key)) + "; default all"),
    ];

    public static Task<IReadOnlyList<ContentionResult>> MeasureAsync(
        RedisTarget target, string what, IReadOnlyList<Contender> contenders, ContentionSettings settings) =>
        Screen.StepAsync(what, progress => Contention.RunAsync(target, contenders, settings, progress));

    public static void Show(string title, IReadOnlyList<ContentionResult> results) => Screen.Table(
        title,
        ["implementation", "acquired/s", "wait p50 ms", "p99 ms", "max ms", "hand-off mean ms", "fewest/most", "fairness", "commands each", "overlaps"],
        results.Select(static result => new[]
        {
            result.Implementation, Text.Whole(result.PerSecond), Text.Tenths(result.WaitP50Milliseconds), Text.Tenths(result.WaitP99Milliseconds),
            Text.Tenths(result.WaitMaxMilliseconds), Text.Ratio(result.HandOffMeanMilliseconds), $"{result.Fewest}/{result.Most}", Text.Ratio(result.Fairness),
            Text.Ratio(result.CommandsPerAcquisition), Text.Whole(result.Overlaps),
        }));

    /// <summary>A run in which two held at once is a failure, whatever its figures.</summary>
    public static int ExitCode(IEnumerable<ContentionResult> results) => results.Any(static result => result.Overlaps > 0) ? 1 : 0;

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments)
    {
        var workers = arguments.Integer("--workers", 16, 1, 10_000);
        var settings = new ContentionSettings(
            workers,
            arguments.Integer("--processes", 1, 1, Math.Min(workers, 64)),
            arguments.Number("--hold-ms", 1, 0, 10_000),
            arguments.Number("--pause-ms", 0, 0, 10_000),
            arguments.Number("--seconds", 10, 1, 3600),
            arguments.Integer("--rounds", 2, 1, 100));
        var contenders = Catalog.Choose(arguments.Text("--implementation"));
        return async (target, report) =>
        {
            var title = $"{settings.Workers} workers in {settings.Processes} process(es), hold {settings.HoldMilliseconds} ms, pause {settings.PauseMilliseconds} ms";
            var results = await MeasureAsync(target, title, contenders, settings);
            Show(title, results);
            report.Add(Name, new { settings, results });
            return ExitCode(results);
        };
    }
}
