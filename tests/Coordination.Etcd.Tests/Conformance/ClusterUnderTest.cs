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
    private readonly RealTime _time = new();
    private readonly Admin _admin;

    private ClusterUnderTest(EtcdCluster cluster)
    {
        _cluster = cluster;
        _admin = new Admin(cluster.Members[0].Address);
    }

    public override TestTime Time => _time;

    // The shortest lease of an etcd with default timing is 2 s; a little more leaves room for three members on few cores.
    public override TimeSpan Duration => TimeSpan.FromSeconds(4);

    public override TimeSpan Granularity => TimeSpan.FromSeconds(1);

    public static async ValueTask<BackendServer> StartAsync() => new ClusterUnderTest(await EtcdCluster.StartAsync());

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
        await _cluster.DisposeAsync();
    }

    private Task AllAsync(Func<EtcdServerProcess, Task> act) => Task.WhenAll(_cluster.Members.Select(act));
}

/// <summary>Three nodes.</summary>
public sealed class EtcdClusterFixture : BackendFixture
{
    public override string Name => "etcd cluster";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipWithoutEtcd();
        return ClusterUnderTest.StartAsync();
    }
}
