using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Servers;
using Coordination.Etcd.Tests.Support;

namespace Coordination.Etcd.Tests.Conformance;

/// <summary>Three members: what suites do to "the server" they do to all of them.</summary>
public sealed class ClusterUnderTest : BackendServer
{
    private readonly EtcdCluster _cluster;
    private readonly ClusterPool? _pool;
    private readonly RealTime _time = new();
    private readonly Admin _admin;

    private ClusterUnderTest(EtcdCluster cluster, ClusterPool? pool)
    {
        _cluster = cluster;
        _pool = pool;
        _admin = new Admin(cluster.Members[0].Address);
    }

    public override TestTime Time => _time;

    // The shortest lease of an etcd with default timing is 2 s; a little more leaves room for three members on few cores.
    public override TimeSpan Duration => TimeSpan.FromSeconds(4);

    // An election comes at any time on a loaded machine: it takes some seconds, and its winner gives every lease its full time once more.
    public override TimeSpan Granularity => TimeSpan.FromSeconds(3) + Duration;

    /// <summary>Starts a cluster, or takes one that is whole.</summary>
    /// <param name="pool">Where to take it from and to give it back to; <see langword="null"/> for one that may be broken.</param>
    public static async ValueTask<BackendServer> StartAsync(ClusterPool? pool = null) =>
        new ClusterUnderTest(await (pool?.TakeAsync() ?? EtcdCluster.StartAsync()), pool);

    // A keep-alive, and a transaction that asks for the claims.
    public override int RequestsPerRenewal => 2;

    public override ValueTask<BackendConnection> ConnectAsync() =>
        new(new EtcdConnectionUnderTest([.. _cluster.Members.Select(static member => (EndPoint)member.EndPoint)]));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "etcd", _cluster.Endpoints, $"{duration.TotalMilliseconds:0}"));

    public override async ValueTask<long> CountRequestsAsync()
    {
        var count = 0L;
        foreach (var member in _cluster.Members)
        {
            count += await member.CountRequestsAsync();
        }

        return count;
    }

    public override async ValueTask FreezeAsync() => await AllAsync(static member => member.FreezeAsync());

    public override async ValueTask ThawAsync() => await AllAsync(static member => member.ResumeAsync());

    public override async ValueTask KillAsync() => await AllAsync(static member => member.KillAsync());

    public override async ValueTask RestartAsync(bool keepData)
    {
        foreach (var member in _cluster.Members)
        {
            if (!keepData)
            {
                member.DropData();
            }

            member.Launch();
        }

        await AllAsync(static member => member.ReadyAsync());
    }

    public override ValueTask StepClockAsync(TimeSpan step) => throw new NotSupportedException("etcd counts by the monotonic clock.");

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) => await _admin.DeleteAsync(claim);

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims) => await _admin.RevokeAsync(claims[0]);

    public override async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        if (_pool is null)
        {
            await _cluster.DisposeAsync();
        }
        else
        {
            _pool.Return(_cluster);
        }
    }

    private Task AllAsync(Func<EtcdServerProcess, Task> act) => Task.WhenAll(_cluster.Members.Select(act));
}

/// <summary>Three nodes. The clusters that no case breaks go from class to class, one class at a time.</summary>
/// <param name="pool">Has them.</param>
public sealed class EtcdClusterFixture(ClusterPool pool) : BackendFixture
{
    public override string Name => "etcd cluster";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipWithoutEtcd();
        return ClusterUnderTest.StartAsync();
    }

    protected override ValueTask<BackendServer> StartSharedServerAsync()
    {
        Missing.SkipWithoutEtcd();
        return ClusterUnderTest.StartAsync(pool);
    }
}
