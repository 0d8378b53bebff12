using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("From the death of the process that holds (kill -9) to the next holder.")]
internal sealed class FailoverCommand : MeasuringCommand<FailoverCommand.Settings>
{
    public static Task<IReadOnlyList<FailoverResult>> MeasureAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, double leaseSeconds, int rounds) =>
        Screen.StepAsync($"{backend.Name}: fail-over", progress => Failover.RunAsync(backend, servers, implementations, leaseSeconds, rounds, progress));

    public static Table Show(IReadOnlyList<FailoverResult> results) => Screen.Table(
        $"{results[0].Backend}: from kill -9 of the holder to the next holder, leases of {results[0].LeaseSeconds} s",
        ["implementation", "crashes", "mean s", "min s", "max s"],
        results.Select(static result => new[]
        {
            result.Implementation, Text.Whole(result.Crashes), Text.Ratio(result.MeanSeconds), Text.Ratio(result.MinSeconds), Text.Ratio(result.MaxSeconds),
        }));

    /// <summary>Without the raw floor: nobody renews there, so a dead holder is no different from a live one.</summary>
    public static IReadOnlyList<Implementation> WhoRenew(IEnumerable<Implementation> implementations) => [.. implementations.Where(static one => one != Catalog.Raw)];

    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        List<(Backend Backend, IReadOnlyList<Implementation> Implementations)> chosen =
            [.. ProcessBackends.Choose(settings).Select(static one => (one.Backend, WhoRenew(one.Implementations)))];
        if (chosen.Exists(static one => one.Implementations.Count == 0))
        {
            throw new UsageException("raw renews nothing, so there is no fail-over to measure: name another --implementation.");
        }

        var runs = new List<FailoverResult>();
        foreach (var (backend, implementations) in chosen)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            var results = await MeasureAsync(backend, servers, implementations, settings.LeaseSeconds, settings.Rounds);
            Show(results);
            runs.AddRange(results);
        }

        report.Add("failover", runs);
        return ExitCodes.Done;
    }

    internal sealed class Settings : CompareSettings
    {
        [CommandOption("--rounds <N>")]
        [Description("How many crashes.")]
        [DefaultValue(5)]
        [Between(1, 1000)]
        public int Rounds { get; init; } = 5;

        [CommandOption("--lease-seconds <N>")]
        [Description("How long a lease lives. ZooKeeper grants no less than two of its ticks: 4 s as started here.")]
        [DefaultValue(4.0)]
        [Between(2, 10)]
        public double LeaseSeconds { get; init; } = 4;
    }
}
