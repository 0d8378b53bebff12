using Coordination.Conformance;
using Coordination.Redis.Tests.Conformance;
using Coordination.Redis.Tests.Servers;

[assembly: AssemblyFixture(typeof(RedisClusterPool))]

namespace Coordination.Redis.Tests.Conformance;

/// <summary>Clusters.</summary>
public sealed class RedisClusterPool() : ServerPool<RedisCluster>(static () => RedisCluster.StartAsync());

/// <summary>Three masters, which write their append-only files so that a restart can keep the data.</summary>
public sealed class RedisClusterFixture(RedisClusterPool pool) : BackendFixture
{
    public override string Name => "Redis Cluster";

    public override async ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        var cluster = await pool.TakeAsync();
        return await RedisClusterUnderTest.UseAsync(cluster, cluster.DisposeAsync);
    }

    protected override async ValueTask<BackendServer> StartSharedServerAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
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
