using Coordination.Conformance;
using Coordination.Redis.Tests.Conformance;
using Coordination.Redis.Tests.Servers;

[assembly: AssemblyFixture(typeof(GarnetPool))]

namespace Coordination.Redis.Tests.Conformance;

/// <summary>
/// Redis, as Debian packs it, writing its append-only file so that a restart can keep the data. Cases that leave their server whole run on the one at
/// COORDINATION_REDIS where that is set.
/// </summary>
public class RedisConformanceFixture : BackendFixture
{
    public override string Name => "Redis";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        return RedisServerUnderTest.StartAsync(new RedisServerProcess(FakeClock, "--appendonly", "yes", "--appendfsync", "no"));
    }

    protected override ValueTask<BackendServer> StartSharedServerAsync() =>
        !FakeClock && Environment.GetEnvironmentVariable("COORDINATION_REDIS") is { Length: > 0 } given
            ? RedisServerUnderTest.UseAsync(given)
            : StartServerAsync();

    protected virtual bool FakeClock => false;
}

/// <summary>The same with a wall clock that can be stepped.</summary>
public sealed class RedisClockFixture : RedisConformanceFixture
{
    protected override bool FakeClock
    {
        get
        {
            Missing.SkipIf(RedisServerProcess.FakeTimeLibrary is null, "faketime");
            return true;
        }
    }
}

/// <summary>Garnets that run: each start costs a second of a core.</summary>
public sealed class GarnetPool() : ServerPool<GarnetServerProcess>(static async () =>
{
    var server = new GarnetServerProcess();
    await server.StartAsync();
    return server;
});

/// <summary>Garnet, in memory.</summary>
public sealed class GarnetConformanceFixture(GarnetPool pool) : BackendFixture
{
    public override string Name => "Garnet";

    public override async ValueTask<BackendServer> StartServerAsync()
    {
        var server = await pool.TakeAsync();
        return await RedisServerUnderTest.UseAsync(server, server.DisposeAsync);
    }

    protected override async ValueTask<BackendServer> StartSharedServerAsync()
    {
        var server = await pool.RentAsync();
        return await RedisServerUnderTest.UseAsync(server, () => pool.ReturnAsync(server));
    }
}

/// <summary>Redis in a container. Its suites run one after the other: a container takes seconds to start.</summary>
public sealed class ContainerConformanceFixture : BackendFixture
{
    public const string OneByOne = "container conformance";

    public override string Name => "Redis in a container";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipIf(
            !RedisContainerServer.IsAvailable, "a Docker engine with the image redis:7.0", isRequired: RedisContainerServer.IsRequired);
        return RedisServerUnderTest.StartAsync(new RedisContainerServer());
    }
}
