using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("From one process's release to another's acquire.")]
internal sealed class HandOffCommand : MeasuringCommand<HandOffCommand.Settings>
{
    public static Task<HandOffRun> MeasureAsync(Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, int rounds) =>
        Screen.StepAsync($"{backend.Name}: hand-off between processes", progress => HandOff.RunAsync(backend, servers, implementations, rounds, progress));

    public static Table Show(HandOffRun run) => Screen.Table(
        $"{run.Backend}: hand-off, one process's release → another's acquire ({run.RoundTrip} p50 in this run: {Text.Tenths(run.RoundTripP50Microseconds)} µs)",
        ["implementation", "hand-offs", "mean ms", "p50 ms", "p99 ms", "max ms", $"mean × {run.RoundTrip}"],
        run.Results.Select(static result => new[]
        {
            result.Implementation, Text.Whole(result.HandOffs), Text.Ratio(result.MeanMicroseconds / 1000), Text.Ratio(result.P50Microseconds / 1000),
            Text.Ratio(result.P99Microseconds / 1000), Text.Ratio(result.MaxMicroseconds / 1000), Text.Tenths(result.TimesRoundTrip),
        }));

    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var chosen = ProcessBackends.Choose(settings);
        var runs = new List<HandOffRun>();
        foreach (var (backend, implementations) in chosen)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            var run = await MeasureAsync(backend, servers, implementations, settings.Rounds);
            Show(run);
            runs.Add(run);
        }

        report.Add("handoff", runs);
        return ExitCodes.Done;
    }

    internal sealed class Settings : CompareSettings
    {
        [CommandOption("--rounds <N>")]
        [Description("Rounds, each of one hand-off by those who poll and six by those who do not.")]
        [DefaultValue(50)]
        [Between(1, 100_000)]
        public int Rounds { get; init; } = 50;
    }
}
