using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of ZooKeeper, on one ensemble. About a minute.</summary>
internal static class ZooKeeperFigures
{
    /// <summary>Requests are counted while others are under way, and a watch is set anew when it has lingered for long enough.</summary>
    private const double CountingError = 0.05;

    /// <summary>What 400 acquisitions a second are asked for at: a raw create and delete in half a millisecond. A slower machine is asked for less.</summary>
    private const double FastPairMicroseconds = 500;

    /// <summary>Measures and shows.</summary>
    /// <param name="backend">What it is.</param>
    /// <param name="servers">The ensemble.</param>
    /// <returns>The results and the exit code.</returns>
    public static async Task<(object Results, int ExitCode)> RunAsync(Backend backend, IServers servers)
    {
        await using var set = await PairSet.OpenAsync(backend, servers);
        var uncontended = await UncontendedCommand.MeasureAsync(backend, servers, set, 16);
        UncontendedCommand.Show(backend, uncontended);
        var requests = await Requests.PerPairAsync(servers, set.Ours);
        var sixteen = new ContentionSettings(16, Seconds: 16, Rounds: 2);
        var few = await ContentionCommand.MeasureAsync(backend, servers, [Catalog.Ours], sixteen);
        ContentionCommand.Show(backend, sixteen, few);
        var crowd = new ContentionSettings(256, Seconds: 8, Rounds: 1);
        var many = await ContentionCommand.MeasureAsync(backend, servers, [Catalog.Ours], crowd);
        ContentionCommand.Show(backend, crowd, many);

        var (floor, ours, pair, request) = (uncontended[0], uncontended[1], uncontended[2], uncontended[3]);
        var perSecond = 400 * Math.Min(1, FastPairMicroseconds / pair.P50Microseconds);
        Figure[] figures =
        [
            Figure.AtMost("Uncontended p50 × create + list + delete, raw", 1.1, ours.RatioToFloor),
            Figure.Only("Uncontended, allocated × create + list + delete, raw", ours.BytesPerPair / floor.BytesPerPair),
            Figure.AtMost("Uncontended, requests", 3 + CountingError, requests),
            Figure.AtLeast("Acquisitions a second, 16 workers", perSecond, few[0].PerSecond, "0"),
            Figure.AtMost("Hand-off mean × exists, raw, p50, 16 workers", 5, few[0].HandOffMeanMilliseconds!.Value * 1000 / request.P50Microseconds),
            Figure.AtLeast("Fewest / most of a worker, 16 workers", 0.95, few[0].Fairness),
            Figure.AtMost("Requests an acquisition, 16 workers", 4, few[0].RequestsPerAcquisition!.Value),
            Figure.AtMost("Requests an acquisition, 256 workers", 4, many[0].RequestsPerAcquisition!.Value),
            Figure.NoOverlaps([.. few, .. many]),
        ];
        Figure.Show(backend.Name, figures);
        return (new { uncontended, few, many, figures }, ContentionCommand.ExitCode([.. few, .. many]));
    }
}
