using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of Redlock, on five masters. About three minutes.</summary>
internal static class RedlockFigures
{
    // Of masters in three data centres of one region: a round trip of half a millisecond, and what the relay takes.
    private const int Distance = 250;

    private static readonly IReadOnlyList<Implementation> Contenders = [Catalog.Ours, Catalog.DistributedLock, Catalog.RedLockNet];

    /// <summary>Measures and shows.</summary>
    /// <param name="backend">What it is.</param>
    /// <param name="masters">The masters.</param>
    /// <returns>The results and the exit code.</returns>
    public static async Task<(object Results, int ExitCode)> RunAsync(Backend backend, RedisTarget masters)
    {
        await using var set = await PairSet.OpenAsync(backend, masters);
        var uncontended = await UncontendedCommand.MeasureAsync(backend, masters, set, seconds: 24);
        UncontendedCommand.Show(backend, uncontended);
        var sixteen = new ContentionSettings(16);
        var few = await ContentionCommand.MeasureAsync(backend, masters, Contenders, sixteen);
        ContentionCommand.Show(backend, sixteen, few);
        var handOff = await HandOffCommand.MeasureAsync(backend, masters, Contenders, rounds: 40);
        HandOffCommand.Show(handOff);

        // The user's masters are as far away as they are, and are not frozen.
        var distant = masters.Own.Count == 0 || OperatingSystem.IsWindows() ? null : await MeasureAtADistanceAsync(backend, masters);
        var frozen = masters.Own.Count == 0 ? null : await Screen.StepAsync(
            $"{backend.Name}: one is frozen", progress => FrozenMaster.RunAsync(masters.Own[^1].Process, set.Ours, rounds: 5, progress));

        var ours = uncontended[1];
        var handOffs = handOff.Results;
        List<Figure> figures =
        [
            .. Ratios("Uncontended p50", uncontended),
            .. distant is null ? [] : Ratios($"The same, masters {Distance} µs away each way", distant),
            Figure.AtMost("Uncontended, allocated", 6000, ours.BytesPerPair, "0", " B"),
            Figure.AtLeast("Hand-off: DistributedLock's mean × ours", 50, handOffs[1].MeanMicroseconds / handOffs[0].MeanMicroseconds, "0"),
            Figure.AtLeast("Hand-off: RedLock.net's mean × ours", 50, handOffs[2].MeanMicroseconds / handOffs[0].MeanMicroseconds, "0"),
            Figure.Only("Requests an acquisition, 16 workers", few[0].RequestsPerAcquisition!.Value),
            Figure.Only("Throughput × faster peer, 16 workers", few[0].PerSecond / few.Skip(1).Max(static result => result.PerSecond)),
            .. frozen is null ? [] : new[]
            {
                Figure.AtMost("One master frozen: p50 × all alive", 1.3, frozen.RatioOfMedians),
                Figure.AtMost("One master frozen: the longest operation", 1000, frozen.FrozenMaxMicroseconds / 1000, "0", " ms"),
            },
            Figure.NoOverlaps(few),
        ];
        Figure.Show(backend.Name, figures);
        return (new { uncontended, distant, few, handOff, frozen, figures }, ContentionCommand.ExitCode(few));
    }

    private static async Task<IReadOnlyList<UncontendedResult>> MeasureAtADistanceAsync(Backend backend, RedisTarget masters)
    {
        await using var distant = await DistantServers.OpenAsync(masters, Distance);
        var results = await UncontendedCommand.MeasureAsync(backend, distant, seconds: 24);
        UncontendedCommand.Show(backend, results);
        return results;
    }

    private static IEnumerable<Figure> Ratios(string name, IReadOnlyList<UncontendedResult> results)
    {
        var (ours, majority) = (results[1], results.Single(static result => result.Name == RawRedlock.NameOnMajority));
        var peers = results.Where(static result => result.Name is "DistributedLock.Redis" or "RedLock.net");
        return
        [
            Figure.AtMost($"{name} × raw round to all masters", 1.15, ours.RatioToFloor),
            Figure.Only($"{name} × its own scripts to all masters, raw", ours.RatioToOwnRequests),
            Figure.Only($"{name} × raw round, on with the first majority", ours.P50Microseconds / majority.P50Microseconds),
            .. peers.Select(peer => Figure.AtMost($"{name} × {peer.Name}", 1, ours.P50Microseconds / peer.P50Microseconds)),
        ];
    }
}
