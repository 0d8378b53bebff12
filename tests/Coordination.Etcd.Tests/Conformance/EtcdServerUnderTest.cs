using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Servers;
using Coordination.Etcd.Tests.Support;

namespace Coordination.Etcd.Tests.Conformance;

/// <summary>A real etcd of one node, which is frozen by SIGSTOP and killed by SIGKILL; clients reach it through proxies, the test itself directly.</summary>
public sealed class EtcdServerUnderTest : BackendServer
{
    private readonly EtcdServerProcess _process = new();
    private readonly RealTime _time = new();
    private readonly Admin _admin;

    private EtcdServerUnderTest() => _admin = new Admin(_process.Address);

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(3);

    // It looks for leases that are over every half second, and ends each with a proposal.
    public override TimeSpan Granularity => TimeSpan.FromSeconds(1);

    public static async ValueTask<BackendServer> StartAsync()
    {
        var server = new EtcdServerUnderTest();
        await server._process.StartAsync();
        return server;
    }

    // A keep-alive, and a transaction that asks for the claims.
    public override int RequestsPerRenewal => 2;

    public override ValueTask<BackendConnection> ConnectAsync() => new(new EtcdConnectionUnderTest(_process.EndPoint));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "etcd", _process.Address, $"{duration.TotalMilliseconds:0}"));

    public override async ValueTask<long> CountRequestsAsync() => await _process.CountRequestsAsync();

    public override async ValueTask FreezeAsync() => await _process.FreezeAsync();

    public override async ValueTask ThawAsync() => await _process.ResumeAsync();

    public override async ValueTask KillAsync() => await _process.KillAsync();

    public override async ValueTask RestartAsync(bool keepData)
    {
        if (!keepData)
        {
            _process.DropData();
        }

        await _process.StartAsync();
    }

    public override ValueTask StepClockAsync(TimeSpan step) =>
        throw new NotSupportedException("etcd counts by the monotonic clock.");

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) => await _admin.DeleteAsync(claim);

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims) => await _admin.RevokeAsync(claims[0]);

    public override async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _process.DisposeAsync();
    }
}
