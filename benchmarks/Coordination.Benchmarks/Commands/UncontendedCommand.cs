using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("Uncontended acquire + release, all implementations in turn.")]
internal sealed class UncontendedCommand : MeasuringCommand<UncontendedCommand.Settings>
{
    public static async Task<IReadOnlyList<UncontendedResult>> MeasureAsync(Backend backend, IServers servers, double seconds)
    {
        await using var set = await PairSet.OpenAsync(backend, servers);
        return await MeasureAsync(backend, servers, set, seconds);
    }

    public static Task<IReadOnlyList<UncontendedResult>> MeasureAsync(Backend backend, IServers servers, PairSet set, double seconds) =>
        Screen.StepAsync($"{backend.Name}: uncontended acquire + release", progress => Uncontended.RunAsync(set, servers, TimeSpan.FromSeconds(seconds), progress));

    public static Table Show(Backend backend, IReadOnlyList<UncontendedResult> results) => Screen.Table(
        $"{backend.Name}: uncontended acquire + release (ratios: median of the rounds)",
        ["implementation", "p50 µs", "p99 µs", "mean µs", "bytes", "client CPU µs", "server CPU µs", "× floor", "× own requests"],
        results.Select(static result => new[]
        {
            result.Name, Text.Tenths(result.P50Microseconds), Text.Tenths(result.P99Microseconds), Text.Tenths(result.MeanMicroseconds),
            Text.Whole(result.BytesPerPair), Text.Tenths(result.ClientProcessorMicroseconds), Text.Tenths(result.ServerProcessorMicroseconds),
            Text.Ratio(result.RatioToFloor), Text.Ratio(result.RatioToOwnRequests),
        }));

    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var results = new Dictionary<string, IReadOnlyList<UncontendedResult>>(StringComparer.Ordinal);
        var backends = BackendCatalog.Choose(settings.Backend);
        foreach (var backend in backends)
        {
            // All that run on it take part: what cannot be loaded is said before anything is started.
            Catalog.Choose(null, backend);
            if (settings.Distance > 0)
            {
                DistantServers.Check(backend, settings.Endpoints);
            }
        }

        foreach (var backend in backends)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            await using var distant = settings.Distance > 0 ? await DistantServers.OpenAsync(servers, settings.Distance) : null;
            if (distant is not null)
            {
                report.Introduce(backend.Key, distant.Description);
            }

            Show(backend, results[backend.Key] = await MeasureAsync(backend, distant ?? servers, settings.Seconds));
        }

        report.Add("uncontended", results);
        return ExitCodes.Done;
    }

    internal sealed class Settings : RunSettings
    {
        [CommandOption("--backend <A,B>")]
        [Description("As for contention.")]
        [DefaultValue("redis")]
        public string Backend { get; init; } = "redis";

        [CommandOption("--seconds <N>")]
        [Description("How long to measure, after a warm-up of half of it.")]
        [DefaultValue(16.0)]
        [Between(0.1, 3600)]
        public double Seconds { get; init; } = 16;

        [CommandOption("--distance <MICROSECONDS>")]
        [Description("Puts the servers that are started for the run at a distance: a relay holds every message for so long, each way.")]
        [Between(0, 1_000_000)]
        public int Distance { get; init; }
    }
}
