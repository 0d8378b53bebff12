using Coordination.Conformance;
using Coordination.Redis.Tests.Conformance;
using Coordination.Redis.Tests.Servers;

[assembly: AssemblyFixture(typeof(RedisClusterPool))]

namespace Coordination.Redis.Tests.Conformance;

/// <summary>
/// Clusters that go from class to class, and the next one at hand for a case that wants its own to break: a cluster takes two seconds to start, most of which
/// it waits.
/// </summary>
public sealed class RedisClusterPool : IAsyncLifetime
{
    private readonly Lock _gate = new();
    private readonly Stack<RedisCluster> _whole = new();
    private Task<RedisCluster>? _next;

    /// <summary>One that nobody else uses now, and that is given back whole.</summary>
    /// <returns>The cluster.</returns>
    public async Task<RedisCluster> RentAsync()
    {
        lock (_gate)
        {
            if (_whole.TryPop(out var cluster))
            {
                return cluster;
            }
        }

        return await TakeAsync();
    }

    /// <summary>Gives one back.</summary>
    /// <param name="cluster">The cluster, unbroken.</param>
    public ValueTask ReturnAsync(RedisCluster cluster)
    {
        lock (_gate)
        {
            _whole.Push(cluster);
        }

        return default;
    }

    /// <summary>One to break. Whoever takes it disposes it.</summary>
    /// <returns>The cluster.</returns>
    public Task<RedisCluster> TakeAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        lock (_gate)
        {
            var taken = _next ?? RedisCluster.StartAsync();
            _next = RedisCluster.StartAsync();
            return taken;
        }
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in _whole)
        {
            await cluster.DisposeAsync();
        }

        if (_next is not null)
        {
            await (await _next).DisposeAsync();
        }
    }
}

/// <summary>Three masters, which write their append-only files so that a restart can keep the data.</summary>
public sealed class RedisClusterFixture(RedisClusterPool pool) : BackendFixture
{
    public override string Name => "Redis Cluster";

    public override async ValueTask<BackendServer> StartServerAsync()
    {
        var cluster = await pool.TakeAsync();
        return await RedisClusterUnderTest.UseAsync(cluster, cluster.DisposeAsync);
    }

    protected override async ValueTask<BackendServer> StartSharedServerAsync()
    {
        var cluster = await pool.RentAsync();
        return await RedisClusterUnderTest.UseAsync(cluster, () => pool.ReturnAsync(cluster));
    }
}

/// <summary>The same with wall clocks that can be stepped.</summary>
public sealed class RedisClusterClockFixture : BackendFixture
{
    public override string Name => "Redis Cluster";

    public override async ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        Missing.SkipIf(RedisServerProcess.FakeTimeLibrary is null, "faketime");
        var cluster = await RedisCluster.StartAsync(fakeClock: true);
        return await RedisClusterUnderTest.UseAsync(cluster, cluster.DisposeAsync);
    }
}
