using System.Collections.Concurrent;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Tests.Servers;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests.Conformance;

/// <summary>A real ZooKeeper, which is frozen by SIGSTOP and killed by SIGKILL; clients reach it through proxies, the test itself directly.</summary>
public sealed class ZooKeeperServerUnderTest : BackendServer
{
    private readonly ZooKeeperServerProcess _process;
    private readonly ServerPool? _pool;
    private readonly RealTime _time = new();
    private readonly ConcurrentBag<FaultProxy> _ways = [];
    private readonly Admin _admin;

    private ZooKeeperServerUnderTest(ZooKeeperServerProcess process, ServerPool? pool)
    {
        _process = process;
        _pool = pool;
        _admin = new Admin(process.Address);
    }

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(3);

    // It ends sessions at its ticks, and each with a transaction.
    public override TimeSpan Granularity => TimeSpan.FromMilliseconds(500);

    /// <summary>Takes a server that is whole.</summary>
    /// <param name="pool">Where to take it from and to give it back to.</param>
    public static async ValueTask<BackendServer> StartAsync(ServerPool pool) => new ZooKeeperServerUnderTest(await pool.TakeServerAsync(), pool);

    /// <summary>Starts a server that may be broken.</summary>
    public static async ValueTask<BackendServer> StartAsync()
    {
        var process = new ZooKeeperServerProcess();
        await process.StartAsync();
        return new ZooKeeperServerUnderTest(process, pool: null);
    }

    // A heartbeat, and the questions in one request.
    public override int RequestsPerRenewal => 2;

    public override ValueTask<BackendConnection> ConnectAsync() => new(new ZooKeeperConnectionUnderTest(_ways, _process.EndPoint));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "zookeeper", _process.Address, $"{duration.TotalMilliseconds:0}"));

    public override async ValueTask<long> CountRequestsAsync() =>
        await Recalls.LeaveOutAsync(_process.CountMessagesAsync, [_process.Address, .. _ways.Select(static way => $"{way.EndPoint}")]);

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

    public override ValueTask StepClockAsync(TimeSpan step) => throw new NotSupportedException("ZooKeeper counts by the monotonic clock.");

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) => await _admin.DeleteAsync(claim);

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims) => await Admin.ExpireAsync(_process, session, _ways);

    public override async ValueTask DisposeAsync()
    {
        if (_pool is null)
        {
            await _process.DisposeAsync();
        }
        else
        {
            _pool.Return(_process);
        }
    }
}

/// <summary>ZooKeeper of one server, as Debian packs it.</summary>
/// <param name="pool">Has the servers that no case breaks.</param>
public sealed class ZooKeeperFixture(ServerPool pool) : BackendFixture
{
    public override string Name => "ZooKeeper";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipWithoutZooKeeper();
        return ZooKeeperServerUnderTest.StartAsync();
    }

    protected override ValueTask<BackendServer> StartSharedServerAsync()
    {
        Missing.SkipWithoutZooKeeper();
        return ZooKeeperServerUnderTest.StartAsync(pool);
    }
}
