using System.Net;
using Coordination.Backends;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

/// <summary>A driver's connection through a proxy that can do to it what networks do.</summary>
public sealed class RedisConnectionUnderTest : BackendConnection
{
    private readonly FaultProxy _proxy;

    public RedisConnectionUnderTest(EndPoint server)
    {
        _proxy = FaultProxy.Start(server);
        Backend = RedisBackend.Create(new RedisBackendOptions { Configuration = _proxy.EndPoint.ToString() });
    }

    public override ICoordinationBackend Backend { get; }

    public override void Cut() => _proxy.Pause();

    public override void Restore() => _proxy.Resume();

    public override ValueTask BreakAsync()
    {
        _proxy.Reset();
        return ValueTask.CompletedTask;
    }

    public override Task LoseNextReplyAsync(string resource) => _proxy.LoseReplyOf(FaultProxy.Mentions(resource));

    public override async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        await _proxy.DisposeAsync();
    }
}
