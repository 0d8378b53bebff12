using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;

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

/// <summary>Garnet, in memory. Its suites run one after the other: each of its processes takes as much of the machine as all of Redis's.</summary>
public sealed class GarnetConformanceFixture : BackendFixture
{
    public const string OneByOne = "Garnet conformance";

    public override string Name => "Garnet";

    public override ValueTask<BackendServer> StartServerAsync() => RedisServerUnderTest.StartAsync(new GarnetServerProcess());
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
