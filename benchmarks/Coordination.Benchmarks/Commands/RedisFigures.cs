using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of Redis, on one server. About two and a half minutes.</summary>
internal static class RedisFigures
{
    /// <summary>Commands are counted while others are under way: a few more at one end than at the other.</summary>
    private const double CountingError = 0.02;

    private static readonly IReadOnlyList<Implementation> Contenders = [Catalog.Ours, Catalog.DistributedLock, Catalog.RedLockNet];

    /// <summary>Measures and shows.</summary>
    /// <param name="backend">What it is.</param>
    /// <param name="servers">The server.</param>
    /// <returns>The results and the exit code.</returns>
    public static async Task<(object Results, int ExitCode)> RunAsync(Backend backend, IServers servers)
    {
        var uncontended = await UncontendedCommand.MeasureAsync(backend, servers, seconds: 24);
        UncontendedCommand.Show(backend, uncontended);
        var few = await ContendAsync(backend, servers, Contenders, new ContentionSettings(16));
        var many = await ContendAsync(backend, servers, [Catalog.Ours], new ContentionSettings(256, Rounds: 1));
        var pausing = await ContendAsync(backend, servers, Contenders, new ContentionSettings(16, PauseMilliseconds: 5));
        var handOff = await HandOffCommand.MeasureAsync(backend, servers, Contenders, rounds: 40);
        HandOffCommand.Show(handOff);
        var scale = await ScaleCommand.MeasureAsync(backend, servers, [1000, 10_000]);
        ScaleCommand.Show(backend, scale);

        var ours = uncontended[1];
        var fastestPeer = pausing.Skip(1).Max(static result => result.PerSecond);
        var handOffs = handOff.Results;
        Figure[] figures =
        [
            Figure.AtMost("Uncontended p50 × its own scripts, raw", 1.05, ours.RatioToOwnRequests),
            Figure.AtMost("Uncontended p50 × SET NX + compare-and-delete", 1.2, ours.RatioToFloor),
            Figure.AtMost("Uncontended, allocated", 1500, ours.BytesPerPair, "0", " B"),
            Figure.AtMost("Commands an acquisition, 16 workers", 2 + CountingError, few[0].RequestsPerAcquisition!.Value),
            Figure.AtMost("Commands an acquisition, 256 workers", 2 + CountingError, many[0].RequestsPerAcquisition!.Value),
            Figure.AtLeast("Fewest / most of a worker, 16 workers", 0.95, few[0].Fairness),
            Figure.AtLeast("Throughput × faster peer, workers pause 5 ms", 1, pausing[0].PerSecond / fastestPeer),
            Figure.AtMost("Hand-off mean × PING p50", 10, handOffs[0].TimesRoundTrip, "0.0"),
            Figure.AtLeast("Hand-off: DistributedLock's mean × ours", 100, handOffs[1].MeanMicroseconds / handOffs[0].MeanMicroseconds, "0"),
            Figure.AtLeast("Batch at 10,000 leases / batch at 1,000", 0.95, scale[1].LeasesPerRequest!.Value / scale[0].LeasesPerRequest!.Value),
            Figure.AtMost("Timers that 10,000 leases need more than one", 2, scale[1].ExtraTimers, "0"),
            Figure.NoOverlaps([.. few, .. many, .. pausing]),
        ];
        Figure.Show(backend.Name, figures);
        return (new { uncontended, few, many, pausing, handOff, scale, figures }, ContentionCommand.ExitCode([.. few, .. many, .. pausing]));
    }

    private static async Task<IReadOnlyList<ContentionResult>> ContendAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, ContentionSettings settings)
    {
        var results = await ContentionCommand.MeasureAsync(backend, servers, implementations, settings);
        ContentionCommand.Show(backend, settings, results);
        return results;
    }
}
