using System.Net;
using Coordination.Backends;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>One process's connections to all masters, each through a proxy. What suites do to "the connection" they do to all of them.</summary>
public sealed class RedlockConnectionUnderTest : BackendConnection
{
    private readonly FaultProxy[] _proxies;

    public RedlockConnectionUnderTest(IEnumerable<string> masters)
    {
        _proxies = [.. masters.Select(static master => FaultProxy.Start(IPEndPoint.Parse(master)))];
        // Room for a loaded machine, and less than the operation timeout of the suites.
        var options = new RedlockBackendOptions { LongestDuration = TimeSpan.FromDays(1), MasterTimeout = TimeSpan.FromSeconds(2.5) };
        foreach (var proxy in _proxies)
        {
            options.Masters.Add(proxy.EndPoint.ToString());
        }

        Backend = RedlockBackend.Create(options);
    }

    public override ICoordinationBackend Backend { get; }

    public override void Cut()
    {
        foreach (var proxy in _proxies)
        {
            proxy.Pause();
        }
    }

    public override void Restore()
    {
        foreach (var proxy in _proxies)
        {
            proxy.Resume();
        }
    }

    public override ValueTask BreakAsync()
    {
        foreach (var proxy in _proxies)
        {
            proxy.Reset();
        }

        return ValueTask.CompletedTask;
    }

    public override Task LoseNextReplyAsync(string resource) =>
        Task.WhenAll(_proxies.Select(proxy => proxy.LoseReplyOf(FaultProxy.Mentions(resource))));

    public override async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }
    }
}
