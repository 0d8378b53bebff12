using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of etcd, on one cluster. About a minute and a half.</summary>
internal static class EtcdFigures
{
    /// <summary>Requests are counted while others are under way, and a watch is made again when it has lingered for long enough.</summary>
    private const double CountingError = 0.05;

    /// <summary>Measures and shows.</summary>
    /// <param name="backend">What it is.</param>
    /// <param name="servers">The cluster.</param>
    /// <returns>The results and the exit code.</returns>
    public static async Task<(object Results, int ExitCode)> RunAsync(Backend backend, IServers servers)
    {
        await using var set = await PairSet.OpenAsync(backend, servers);
        // Half as long again warms up: gRPC's many methods are compiled in full only after some thousand requests.
        var uncontended = await UncontendedCommand.MeasureAsync(backend, servers, set, 40);
        UncontendedCommand.Show(backend, uncontended);
        var requests = await Requests.PerPairAsync(servers, set.Ours);
        var sixteen = new ContentionSettings(16, Seconds: 20, Rounds: 4);
        var few = await ContentionCommand.MeasureAsync(backend, servers, [Catalog.Ours, Catalog.LockService], sixteen);
        ContentionCommand.Show(backend, sixteen, few);
        var crowd = new ContentionSettings(256, Seconds: 8, Rounds: 1);
        var many = await ContentionCommand.MeasureAsync(backend, servers, [Catalog.Ours], crowd);
        ContentionCommand.Show(backend, crowd, many);

        var (floor, ours, theirs) = (uncontended[0], uncontended[1], few[1]);
        Figure[] figures =
        [
            Figure.AtMost("Uncontended p50 × txn + delete, raw", 1.1, ours.RatioToFloor),
            Figure.AtMost("Uncontended, allocated × txn + delete, raw", 1.15, ours.BytesPerPair / floor.BytesPerPair),
            Figure.AtMost("Uncontended, requests", 2 + CountingError, requests),
            Figure.AtLeast("Throughput × lock service, 16 workers", 2, few[0].PerSecond / theirs.PerSecond),
            Figure.AtMost("Hand-off mean × lock service, 16 workers", 0.6, few[0].HandOffMeanMilliseconds!.Value / theirs.HandOffMeanMilliseconds!.Value),
            Figure.AtLeast("Fewest / most of a worker, 16 workers", 0.95, few[0].Fairness),
            Figure.AtMost("Requests an acquisition, 16 workers", 3, few[0].RequestsPerAcquisition!.Value),
            Figure.AtMost("Requests an acquisition, 256 workers", 3, many[0].RequestsPerAcquisition!.Value),
            Figure.NoOverlaps([.. few, .. many]),
        ];
        Figure.Show(backend.Name, figures);
        return (new { uncontended, few, many, figures }, ContentionCommand.ExitCode([.. few, .. many]));
    }
}
