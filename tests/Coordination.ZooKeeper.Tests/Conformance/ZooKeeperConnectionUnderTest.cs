using System.Collections.Concurrent;
using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests.Conformance;

/// <summary>A backend's connections, each through a proxy that can do to it what networks do.</summary>
public sealed class ZooKeeperConnectionUnderTest : BackendConnection
{
    private readonly FaultProxy[] _proxies;

    /// <param name="ways">Where its proxies are noted.</param>
    /// <param name="servers">The servers.</param>
    public ZooKeeperConnectionUnderTest(ConcurrentBag<FaultProxy> ways, params EndPoint[] servers)
    {
        _proxies = [.. servers.Select(FaultProxy.Start)];
        Array.ForEach(_proxies, ways.Add);
        Backend = ZooKeeperBackend.Create(string.Join(',', _proxies.Select(static proxy => proxy.EndPoint)));
    }

    public override ICoordinationBackend Backend { get; }

    public override void Cut() => Array.ForEach(_proxies, static proxy => proxy.Pause());

    public override void Restore() => Array.ForEach(_proxies, static proxy => proxy.Resume());

    public override ValueTask BreakAsync()
    {
        Array.ForEach(_proxies, static proxy => proxy.Reset());
        return ValueTask.CompletedTask;
    }

    public override Task LoseNextReplyAsync(string resource)
    {
        // Of the requests that mention the resource the one that does something: the first attempt to enter a claim finds no node of a new
        // resource, and its answer may come through. The answer that names a claim's node says that it was made; the one that says nothing,
        // that it was deleted. And one reply in all, of whichever server: the next server's proxy would otherwise wait for another.
        var isMentioned = FaultProxy.Mentions(resource);
        var isEntered = FaultProxy.Mentions(resource + "/");
        var losses = 0;
        return Task.WhenAny(_proxies.Select(proxy => proxy.LoseReplyOf(
            piece => Volatile.Read(ref losses) == 0 && isMentioned(piece),
            piece => (isEntered(piece) || Frames.HasBareReply(piece)) && Interlocked.Exchange(ref losses, 1) == 0))).Unwrap();
    }

    public override async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }
    }
}
