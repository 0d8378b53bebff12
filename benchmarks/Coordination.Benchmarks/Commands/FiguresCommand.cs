using System.Diagnostics;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>Runs what shows the figures that the project promises, and says which are met. About two and a half minutes for Redis, three for etcd, two for ZooKeeper.</summary>
internal sealed class FiguresCommand : Command
{
    /// <summary>Commands are counted while others are under way: a few more at one end than at the other.</summary>
    private const double CountingError = 0.02;

    public override string Name => "figures";

    public override string Summary => "the figures that the project promises: aim, measured, ok or missed (about 7.5 minutes)";

    public override IReadOnlyList<(string Option, string Meaning)> Options =>
    [
        ("--backend A,B", "redis, etcd, zookeeper; default all"),
        ("--etcd host:port", "a cluster of yours; without it etcd is started from PATH, once with one member and once with three"),
        ("--zookeeper host:port", "an ensemble of yours; without it Debian's ZooKeeper is started, once with one server and once with three"),
    ];

    public override async Task<int> RunAsync(Arguments arguments)
    {
        var (redis, etcd, zooKeeper) = (arguments.Text("--redis"), arguments.Text("--etcd"), arguments.Text("--zookeeper"));
        var backends = (arguments.Text("--backend") ?? "redis,etcd,zookeeper").Split(',', StringSplitOptions.TrimEntries);
        var report = new Report(arguments.Text("--json"));
        arguments.ThrowIfAnyIsLeft();
        if (backends.FirstOrDefault(static backend => backend is not ("redis" or "etcd" or "zookeeper")) is { } unknown)
        {
            throw new UsageException($"--backend takes redis, etcd and zookeeper; it was '{unknown}'.");
        }

        var exitCode = 0;
        if (backends.Contains("redis"))
        {
            await using var target = await RedisTarget.OpenAsync(redis);
            Introduce(report, target.Description);
            exitCode = await RunAsync(target, report);
        }

        if (backends.Contains("etcd"))
        {
            (string Name, int Members)[] clusters = etcd is null ? [("one node", 1), ("three nodes", 3)] : [("yours", 0)];
            foreach (var (name, members) in clusters)
            {
                await using var target = await EtcdTarget.OpenAsync(etcd, members);
                Introduce(report, target.Description);
                exitCode |= await EtcdFigures.RunAsync(target, report, name);
            }
        }

        if (backends.Contains("zookeeper"))
        {
            (string Name, int Members)[] ensembles = zooKeeper is null ? [("one server", 1), ("three servers", 3)] : [("yours", 0)];
            foreach (var (name, members) in ensembles)
            {
                await using var target = await ZooKeeperTarget.OpenAsync(zooKeeper, members);
                Introduce(report, target.Description);
                exitCode |= await ZooKeeperFigures.RunAsync(target, report, name);
            }
        }

        await report.SaveAsync();
        return exitCode;
    }

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments) => RunAsync;

    private static async Task<int> RunAsync(RedisTarget target, Report report)
    {
        var start = Stopwatch.GetTimestamp();
        var uncontended = await UncontendedCommand.MeasureAsync(target, seconds: 24);
        UncontendedCommand.Show(uncontended);

        var few = await ContentionCommand.MeasureAsync(target, "16 workers", Catalog.Contenders, new ContentionSettings(16));
        ContentionCommand.Show("16 workers, hold 1 ms", few);
        var many = await ContentionCommand.MeasureAsync(target, "256 workers", [Catalog.Ours], new ContentionSettings(256, Rounds: 1));
        ContentionCommand.Show("256 workers, hold 1 ms", many);
        var pausing = await ContentionCommand.MeasureAsync(
            target, "16 workers that pause", Catalog.Contenders, new ContentionSettings(16, PauseMilliseconds: 5));
        ContentionCommand.Show("16 workers, hold 1 ms, pause 5 ms", pausing);

        var (pingP50, handOffs) = await HandOffCommand.MeasureAsync(target, Catalog.Contenders, rounds: 40);
        HandOffCommand.Show(pingP50, handOffs);
        var scale = await ScaleCommand.MeasureAsync(target, 1000, 10_000);
        ScaleCommand.Show(scale);

        var figures = Judge(uncontended, few, many, pausing, handOffs, scale);
        Screen.Table(
            $"Figures ({Stopwatch.GetElapsedTime(start).TotalSeconds:0} s)",
            ["figure", "aim", "measured", ""],
            figures.Select(static figure => new[] { figure.Name, figure.Aim, figure.Measured, figure.Verdict }));

        report.Add("uncontended", uncontended);
        report.Add("contention", new { few, many, pausing });
        report.Add("handoff", new { pingP50Microseconds = pingP50, results = handOffs });
        report.Add("scale", scale);
        report.Add("figures", figures);
        return ContentionCommand.ExitCode([.. few, .. many, .. pausing]);
    }

    private static IReadOnlyList<Figure> Judge(
        IReadOnlyList<UncontendedResult> uncontended,
        IReadOnlyList<ContentionResult> few,
        IReadOnlyList<ContentionResult> many,
        IReadOnlyList<ContentionResult> pausing,
        IReadOnlyList<HandOffResult> handOffs,
        IReadOnlyList<ScaleResult> scale)
    {
        var redis = uncontended.Single(static result => result.Name == "Coordination, Redis");
        var fastestPeer = pausing.Skip(1).Max(static result => result.PerSecond);
        return
        [
            Figure.AtMost("Uncontended p50 × its own scripts, raw", 1.10, redis.RatioToOwnScripts),
            Figure.AtMost("Uncontended p50 × SET NX + compare-and-delete", 1.25, redis.RatioToFloor),
            Figure.AtMost("Uncontended, allocated (aim 1.5 kB)", 2000, redis.BytesPerPair, "0", " B"),
            Figure.AtMost("Commands an acquisition, 16 workers", 2 + CountingError, few[0].CommandsPerAcquisition),
            Figure.AtMost("Commands an acquisition, 256 workers", 2 + CountingError, many[0].CommandsPerAcquisition),
            Figure.AtLeast("Fewest / most of a worker, 16 workers", 0.95, few[0].Fairness),
            Figure.AtLeast("Throughput × faster peer, workers pause 5 ms", 1, pausing[0].PerSecond / fastestPeer),
            Figure.AtMost("Hand-off mean × PING p50", 10, handOffs[0].TimesPing, "0.0"),
            Figure.AtLeast("Hand-off: DistributedLock's mean × ours", 100, handOffs[1].MeanMicroseconds / handOffs[0].MeanMicroseconds, "0"),
            Figure.AtLeast("Batch at 10,000 leases / batch at 1,000", 0.95, scale[1].LeasesPerCommand / scale[0].LeasesPerCommand),
            Figure.AtMost("Timers that 10,000 leases need more than one", 2, scale[1].ExtraTimers, "0"),
            new Figure("Overlaps", "0", Text.Whole(few.Concat(many).Concat(pausing).Sum(static result => result.Overlaps)),
                ContentionCommand.ExitCode([.. few, .. many, .. pausing]) == 0),
        ];
    }
}
