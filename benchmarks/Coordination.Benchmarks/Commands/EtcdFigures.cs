using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;
using Coordination.Etcd;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of etcd, on one cluster. About a minute and a half.</summary>
internal static class EtcdFigures
{
    /// <summary>Requests are counted while others are under way, and a watch is made again when it has lingered for long enough.</summary>
    private const double CountingError = 0.05;

    /// <summary>Measures and shows.</summary>
    /// <param name="target">The cluster.</param>
    /// <param name="report">Receives the results.</param>
    /// <param name="cluster">What it is: "one node".</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(EtcdTarget target, Report report, string cluster)
    {
        var (uncontended, requests) = await MeasureUncontendedAsync(target, TimeSpan.FromSeconds(16));
        UncontendedCommand.Show(uncontended);
        var few = await Screen.StepAsync(
            "16 workers", progress => EtcdContention.RunAsync(target, new ContentionSettings(16, Seconds: 20, Rounds: 4), withPeer: true, progress));
        ContentionCommand.Show($"etcd of {cluster}: 16 workers, hold 1 ms", few);
        var many = await Screen.StepAsync(
            "256 workers", progress => EtcdContention.RunAsync(target, new ContentionSettings(256, Seconds: 8, Rounds: 1), withPeer: false, progress));
        ContentionCommand.Show($"etcd of {cluster}: 256 workers, hold 1 ms", many);

        var (floor, ours, theirs) = (uncontended[0], uncontended[1], few[1]);
        Figure[] figures =
        [
            Figure.AtMost("Uncontended p50 × txn + delete, raw", 1.15, ours.RatioToFloor),
            Figure.AtMost("Uncontended, allocated × txn + delete, raw", 1.15, ours.BytesPerPair / floor.BytesPerPair),
            Figure.AtMost("Uncontended, requests", 2 + CountingError, requests),
            Figure.AtLeast("Throughput × lock service, 16 workers", 2, few[0].PerSecond / theirs.PerSecond),
            Figure.AtMost("Hand-off mean × lock service, 16 workers", 0.6, few[0].HandOffMeanMilliseconds / theirs.HandOffMeanMilliseconds),
            Figure.AtLeast("Fewest / most of a worker, 16 workers", 0.95, few[0].Fairness),
            Figure.AtMost("Requests an acquisition, 16 workers", 3, few[0].CommandsPerAcquisition),
            Figure.AtMost("Requests an acquisition, 256 workers", 3, many[0].CommandsPerAcquisition),
            new Figure("Overlaps", "0", Text.Whole(few[0].Overlaps + many[0].Overlaps), few[0].Overlaps + many[0].Overlaps == 0),
        ];
        Screen.Table(
            $"Figures, etcd of {cluster}",
            ["figure", "aim", "measured", ""],
            figures.Select(static figure => new[] { figure.Name, figure.Aim, figure.Measured, figure.Verdict }));
        report.Add($"etcd, {cluster}", new { uncontended, few, many, figures });
        return ContentionCommand.ExitCode([few[0], many[0]]);
    }

    private static async Task<(IReadOnlyList<UncontendedResult> Results, double Requests)> MeasureUncontendedAsync(EtcdTarget target, TimeSpan duration)
    {
        // Both over one channel: the backend's.
        var backend = EtcdBackend.Create(target.Endpoints);
        await using var ours = new CoordinationLock(backend);
        await using var floor = new RawEtcd(backend);
        await using var own = new OwnEtcdRequests(backend);
        await using var alone = new BackendAlone(EtcdBackend.Create(target.Endpoints), TimeSpan.FromHours(1));
        var results = await Screen.StepAsync(
            "Uncontended acquire + release, etcd", progress => Uncontended.RunAsync([floor, ours, own, alone], floor, own, target.ProcessorTimeAsync, duration, progress));

        const int Pairs = 200;
        var before = await target.RequestsAsync();
        for (var i = 0; i < Pairs; i++)
        {
            await ours.RunAsync();
        }

        return (results, (await target.RequestsAsync() - before) / (double)Pairs);
    }
}
