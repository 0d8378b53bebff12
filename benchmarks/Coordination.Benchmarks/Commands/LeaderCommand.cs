using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("Elections: from a leader's resignation, or its death, to the next one's leading and being seen.")]
internal sealed class LeaderCommand : MeasuringCommand<LeaderCommand.Settings>
{
    public static Task<IReadOnlyList<TakeOverResult>> MeasureAsync(Backend backend, IServers servers, double leaseSeconds, int resignations, int crashes) =>
        Screen.StepAsync($"{backend.Name}: elections", progress => TakeOver.RunAsync(backend, servers, leaseSeconds, resignations, crashes, progress));

    public static Table Show(IReadOnlyList<TakeOverResult> results) => Screen.Table(
        $"{results[0].Backend}: take-over of a leadership, leases of {results[0].LeaseSeconds} s",
        ["implementation", "after", "times", "mean ms", "p50 ms", "max ms", "seen, mean ms"],
        results.Select(static result => new[]
        {
            result.Implementation, result.Cause, Text.Whole(result.Times), Text.Ratio(result.MeanMilliseconds), Text.Ratio(result.P50Milliseconds),
            Text.Ratio(result.MaxMilliseconds), Text.Ratio(result.SeenMeanMilliseconds),
        }));

    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var chosen = ProcessBackends.Choose(new CompareSettings { Backend = settings.Backend });
        var runs = new List<TakeOverResult>();
        foreach (var (backend, _) in chosen)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            var results = await MeasureAsync(backend, servers, settings.LeaseSeconds, settings.Rounds, settings.Crashes);
            Show(results);
            runs.AddRange(results);
        }

        report.Add("leader", runs);
        return ExitCodes.Done;
    }

    internal sealed class Settings : RunSettings
    {
        [CommandOption("--backend <A,B>")]
        [Description("As for contention; not memory. On etcd its own election service takes part.")]
        [DefaultValue("redis")]
        public string Backend { get; init; } = "redis";

        [CommandOption("--rounds <N>")]
        [Description("How many resignations.")]
        [DefaultValue(50)]
        [Between(1, 100_000)]
        public int Rounds { get; init; } = 50;

        [CommandOption("--crashes <N>")]
        [Description("How many crashes.")]
        [DefaultValue(5)]
        [Between(1, 1000)]
        public int Crashes { get; init; } = 5;

        [CommandOption("--lease-seconds <N>")]
        [Description("As for failover.")]
        [DefaultValue(4.0)]
        [Between(2, 10)]
        public double LeaseSeconds { get; init; } = 4;
    }
}
