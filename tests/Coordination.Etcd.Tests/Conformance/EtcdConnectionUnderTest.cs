using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Support;

namespace Coordination.Etcd.Tests.Conformance;

/// <summary>A backend's connections, each through a proxy that can do to it what networks do.</summary>
public sealed class EtcdConnectionUnderTest : BackendConnection
{
    private readonly FaultProxy[] _proxies;

    public EtcdConnectionUnderTest(params EndPoint[] members)
    {
        _proxies = [.. members.Select(FaultProxy.Start)];
        Backend = EtcdBackend.Create(new EtcdBackendOptions { Endpoints = string.Join(',', _proxies.Select(static proxy => $"http://{proxy.EndPoint}")) });
    }

    public override ICoordinationBackend Backend { get; }

    /// <summary>The ways to the members.</summary>
    public IReadOnlyList<FaultProxy> Proxies => _proxies;

    public override void Cut() => Array.ForEach(_proxies, static proxy => proxy.Pause());

    public override void Restore() => Array.ForEach(_proxies, static proxy => proxy.Resume());

    public override ValueTask BreakAsync()
    {
        Array.ForEach(_proxies, static proxy => proxy.Reset());
        return ValueTask.CompletedTask;
    }

    public override Task LoseNextReplyAsync(string resource) =>
        Task.WhenAny(_proxies.Select(proxy => proxy.LoseReplyOf(FaultProxy.Mentions(resource), Http2.HasReply))).Unwrap();

    public override async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }
    }
}
