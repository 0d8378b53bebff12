using System.Collections.Concurrent;
using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Tests.Servers;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests.Conformance;

/// <summary>Three servers: what suites do to "the server" they do to all of them.</summary>
public sealed class EnsembleUnderTest : BackendServer
{
    private readonly ZooKeeperEnsemble _ensemble;
    private readonly ServerPool? _pool;
    private readonly RealTime _time = new();
    private readonly ConcurrentBag<FaultProxy> _ways = [];
    private readonly Admin _admin;

    private EnsembleUnderTest(ZooKeeperEnsemble ensemble, ServerPool? pool)
    {
        _ensemble = ensemble;
        _pool = pool;
        _admin = new Admin(ensemble.Addresses);
    }

    public override TestTime Time => _time;

    // A little more than with one server leaves room for three on few cores.
    public override TimeSpan Duration => TimeSpan.FromSeconds(4);

    public override TimeSpan Granularity => TimeSpan.FromSeconds(1);

    /// <summary>Starts an ensemble, or takes one that is whole.</summary>
    /// <param name="pool">Where to take it from and to give it back to; <see langword="null"/> for one that may be broken.</param>
    public static async ValueTask<BackendServer> StartAsync(ServerPool? pool = null) =>
        new EnsembleUnderTest(await (pool?.TakeEnsembleAsync() ?? ZooKeeperEnsemble.StartAsync()), pool);

    // A heartbeat, and the questions in one request.
    public override int RequestsPerRenewal => 2;

    public override ValueTask<BackendConnection> ConnectAsync() =>
        new(new ZooKeeperConnectionUnderTest(_ways, [.. _ensemble.Members.Select(static member => (EndPoint)member.EndPoint)]));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "zookeeper", _ensemble.Addresses, $"{duration.TotalMilliseconds:0}"));

    public override async ValueTask<long> CountRequestsAsync() => await Recalls.LeaveOutAsync(
        async () => (await Task.WhenAll(_ensemble.Members.Select(static member => member.CountMessagesAsync()))).Sum(),
        [.. _ensemble.Members.Select(static member => member.Address), .. _ways.Select(static way => $"{way.EndPoint}")]);

    public override async ValueTask FreezeAsync() => await AllAsync(static member => member.FreezeAsync());

    public override async ValueTask ThawAsync() => await AllAsync(static member => member.ResumeAsync());

    public override async ValueTask KillAsync() => await AllAsync(static member => member.KillAsync());

    public override async ValueTask RestartAsync(bool keepData)
    {
        foreach (var member in _ensemble.Members.Where(_ => !keepData))
        {
            member.DropData();
        }

        await _ensemble.StartAllAsync();
    }

    public override ValueTask StepClockAsync(TimeSpan step) => throw new NotSupportedException("ZooKeeper counts by the monotonic clock.");

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) => await _admin.DeleteAsync(claim);

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims) =>
        await Admin.ExpireAsync(_ensemble.Members[0], session, _ways);

    public override async ValueTask DisposeAsync()
    {
        if (_pool is null)
        {
            await _ensemble.DisposeAsync();
        }
        else
        {
            _pool.Return(_ensemble);
        }
    }

    private Task AllAsync(Func<ZooKeeperServerProcess, Task> act) => Task.WhenAll(_ensemble.Members.Select(act));
}

/// <summary>Three servers. Its classes run in three rows of about the same length, one after the other in each: more ensembles at once are too much for two cores.</summary>
/// <param name="pool">Has the ensembles that no case breaks.</param>
public sealed class EnsembleFixture(ServerPool pool) : BackendFixture
{
    public const string First = "ZooKeeper ensemble, first row";
    public const string Second = "ZooKeeper ensemble, second row";
    public const string Third = "ZooKeeper ensemble, third row";

    public override string Name => "ZooKeeper ensemble";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipWithoutZooKeeper();
        return EnsembleUnderTest.StartAsync();
    }

    protected override ValueTask<BackendServer> StartSharedServerAsync()
    {
        Missing.SkipWithoutZooKeeper();
        return EnsembleUnderTest.StartAsync(pool);
    }
}
