using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Coordination.ZooKeeper;
using Coordination.ZooKeeper.Client;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of ZooKeeper, on one ensemble. About a minute.</summary>
internal static class ZooKeeperFigures
{
    /// <summary>Requests are counted while others are under way, and a watch is set anew when it has lingered for long enough.</summary>
    private const double CountingError = 0.05;

    /// <summary>What 400 acquisitions a second are asked for at: a raw create and delete in half a millisecond. A slower machine is asked for less.</summary>
    private const double FastPairMicroseconds = 500;

    /// <summary>Measures and shows.</summary>
    /// <param name="target">The ensemble.</param>
    /// <param name="report">Receives the results.</param>
    /// <param name="ensemble">What it is: "one server".</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ZooKeeperTarget target, Report report, string ensemble)
    {
        var (uncontended, requests) = await MeasureUncontendedAsync(target, TimeSpan.FromSeconds(16));
        UncontendedCommand.Show(uncontended);
        var few = await MeasureAsync(target, new ContentionSettings(16, Seconds: 16, Rounds: 2));
        ContentionCommand.Show($"ZooKeeper of {ensemble}: 16 workers, hold 1 ms", [few]);
        var many = await MeasureAsync(target, new ContentionSettings(256, Seconds: 8, Rounds: 1));
        ContentionCommand.Show($"ZooKeeper of {ensemble}: 256 workers, hold 1 ms", [many]);

        var (floor, ours, pair, request) = (uncontended[0], uncontended[1], uncontended[2], uncontended[3]);
        var perSecond = 400 * Math.Min(1, FastPairMicroseconds / pair.P50Microseconds);
        Figure[] figures =
        [
            Figure.AtMost("Uncontended p50 × create + list + delete, raw", 1.2, ours.RatioToFloor),
            new Figure("Uncontended, allocated × create + list + delete, raw", "", Text.Ratio(ours.BytesPerPair / floor.BytesPerPair), IsMet: null),
            Figure.AtMost("Uncontended, requests", 3 + CountingError, requests),
            Figure.AtLeast("Acquisitions a second, 16 workers", perSecond, few.PerSecond, "0"),
            Figure.AtMost("Hand-off mean × exists, raw, p50, 16 workers", 5, few.HandOffMeanMilliseconds * 1000 / request.P50Microseconds),
            Figure.AtLeast("Fewest / most of a worker, 16 workers", 0.95, few.Fairness),
            Figure.AtMost("Requests an acquisition, 16 workers", 4, few.CommandsPerAcquisition),
            Figure.AtMost("Requests an acquisition, 256 workers", 4, many.CommandsPerAcquisition),
            new Figure("Overlaps", "0", Text.Whole(few.Overlaps + many.Overlaps), few.Overlaps + many.Overlaps == 0),
        ];
        Screen.Table(
            $"Figures, ZooKeeper of {ensemble}",
            ["figure", "aim", "measured", ""],
            figures.Select(static figure => new[] { figure.Name, figure.Aim, figure.Measured, figure.Verdict }));
        report.Add($"zookeeper, {ensemble}", new { uncontended, few, many, figures });
        return ContentionCommand.ExitCode([few, many]);
    }

    private static async Task<ContentionResult> MeasureAsync(ZooKeeperTarget target, ContentionSettings settings)
    {
        await using var ours = new CoordinationLock(ZooKeeperBackend.Create(target.Servers));
        var slices = new List<ContentionSlice>();
        await Screen.StepAsync($"{settings.Workers} workers", async progress =>
        {
            for (var round = 1; round <= settings.Rounds; round++)
            {
                slices.Add(await EtcdContention.RunSliceAsync(target.RequestsAsync, ours, settings));
                progress((double)round / settings.Rounds);
            }

            return slices;
        });
        return ContentionResult.From(ours.Name, settings.Workers, slices);
    }

    private static async Task<(IReadOnlyList<UncontendedResult> Results, double Requests)> MeasureUncontendedAsync(ZooKeeperTarget target, TimeSpan duration)
    {
        await using var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = target.Servers, SessionTimeout = TimeSpan.FromSeconds(30) });
        await client.ConnectAsync();
        await client.CreateAsync(RawZooKeeper.Queue, default, ZooKeeperCreateMode.Persistent);
        try
        {
            await using var ours = new CoordinationLock(ZooKeeperBackend.Create(target.Servers));
            await using var floor = new RawZooKeeper(client, withList: true);
            await using var pair = new RawZooKeeper(client, withList: false);
            await using var request = new RawZooKeeperRequest(client);
            await using var alone = new BackendAlone(ZooKeeperBackend.Create(target.Servers), TimeSpan.FromSeconds(30));
            var results = await Screen.StepAsync(
                "Uncontended acquire + release, ZooKeeper",
                progress => Uncontended.RunAsync([floor, ours, pair, request, alone], floor, floor, target.ProcessorTimeAsync, duration, progress));

            const int Pairs = 200;
            var before = await target.RequestsAsync();
            for (var i = 0; i < Pairs; i++)
            {
                await ours.RunAsync();
            }

            return (results, (await target.RequestsAsync() - before) / (double)Pairs);
        }
        finally
        {
            await client.DeleteAsync(RawZooKeeper.Queue);
        }
    }
}
