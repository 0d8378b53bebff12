using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>Three masters.</summary>
public class RedlockThreeFixture : BackendFixture
{
    public override string Name => "Redlock-3";

    protected virtual int Masters => 3;

    protected virtual bool FakeClock => false;

    public override ValueTask<BackendServer> StartServerAsync() => RedlockServerUnderTest.StartAsync(Masters, FakeClock);
}

/// <summary>The same with wall clocks that can be stepped.</summary>
public sealed class RedlockThreeClockFixture : RedlockThreeFixture
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

/// <summary>Five masters.</summary>
public class RedlockFiveFixture : RedlockThreeFixture
{
    public override string Name => "Redlock-5";

    protected override int Masters => 5;
}

/// <summary>The same with wall clocks that can be stepped.</summary>
public sealed class RedlockFiveClockFixture : RedlockFiveFixture
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
