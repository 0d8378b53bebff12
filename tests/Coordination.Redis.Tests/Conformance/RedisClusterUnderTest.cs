using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace Coordination.Redis.Tests.Conformance;

/// <summary>Three masters: what suites do to "the server" they do to all of them.</summary>
public sealed class RedisClusterUnderTest : BackendServer
{
    private readonly RedisCluster _cluster;
    private readonly Func<ValueTask> _end;
    private const int Slots = 16_384;

    private readonly RealTime _time = new();
    private readonly ConnectionMultiplexer _admin;

    private RedisClusterUnderTest(RedisCluster cluster, Func<ValueTask> end, ConnectionMultiplexer admin)
    {
        _cluster = cluster;
        _end = end;
        _admin = admin;
    }

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(2);

    public override bool OpensSessionsLocally => true;

    /// <summary>Uses a cluster.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="end">What becomes of it in the end.</param>
    public static async ValueTask<BackendServer> UseAsync(RedisCluster cluster, Func<ValueTask> end)
    {
        var admin = await ConnectionMultiplexer.ConnectAsync($"{cluster.EndPoints},allowAdmin=true,abortConnect=false,syncTimeout=60000,asyncTimeout=60000");

        await LoadScriptsAsync(admin);
        return new RedisClusterUnderTest(cluster, end, admin);
    }

    /// <summary>As on one server: the scripts are known from here on, on each node.</summary>
    /// <param name="admin">A connection to all nodes.</param>
    public static async Task LoadScriptsAsync(ConnectionMultiplexer admin)
    {
        foreach (var script in new[]
        {
            RedisScripts.Claim, RedisScripts.Release, RedisScripts.Renew, RedisScripts.SetValue, RedisScripts.Detach, RedisScripts.Attach, RedisScripts.Inspect,
        })
        {
            await Task.WhenAll(admin.GetServers().Select(server => server.ScriptLoadAsync(script.Text)));
        }
    }

    public override ValueTask<BackendConnection> ConnectAsync() => new(new RedisClusterConnectionUnderTest(_cluster.Addresses()));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "redis", _cluster.EndPoints, $"{duration.TotalMilliseconds:0}"));

    public override ValueTask<long> CountRequestsAsync() => new(_admin.GetServers().Sum(RedisStatistics.ScriptCalls));

    // Claims of one call share a slot. Names at random fill n of the slots as balls fill urns; ten thousand of them about 7,500.
    public override double MostRenewalRequests(int claims) => Math.Min(claims, 1.05 * Slots * (1 - Math.Exp(-claims / (double)Slots)));

    public override async ValueTask FreezeAsync() => await _cluster.AllAsync(static node => node.FreezeAsync());

    public override async ValueTask ThawAsync() => await _cluster.AllAsync(static node => node.ResumeAsync());

    public override async ValueTask KillAsync() => await _cluster.AllAsync(static node => node.KillAsync());

    public override async ValueTask RestartAsync(bool keepData)
    {
        await _cluster.LaunchAsync();
        await _cluster.ReadyAsync();
        if (!keepData)
        {
            foreach (var node in _cluster.Nodes)
            {
                await node.ExecuteAsync("FLUSHALL");
            }
        }
    }

    public override async ValueTask StepClockAsync(TimeSpan step) => await _cluster.AllAsync(node => node.SetClockAsync(step));

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) =>
        Assert.True(await _admin.GetDatabase().HashDeleteAsync(new RedisKeys("coordination").Of(claim.Resource).Claims, claim.Id));

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims)
    {
        await using var admin = RedisBackend.Create(_cluster.EndPoints);
        await using var ended = await admin.OpenSessionAsync(new SessionRequest(Duration), new RecordingListener(), CancellationToken.None);

        // What tells a backend that it speaks to a cluster is its first request.
        await admin.InspectAsync(claims[0].Resource, holdersOnly: true, CancellationToken.None);
        await ended.EndAsync(claims, CancellationToken.None);
    }

    public override async ValueTask DisposeAsync()
    {
        // As in RedisServerUnderTest.
        await _admin.CloseAsync(allowCommandsToComplete: false);
        await _admin.DisposeAsync();
        await _end();
    }
}

/// <summary>A driver's connections to all nodes, each through a proxy: the driver is told the nodes' own addresses by the cluster, and connects to the proxies.</summary>
public sealed class RedisClusterConnectionUnderTest : BackendConnection
{
    private readonly Dictionary<EndPoint, FaultProxy> _proxies;

    public RedisClusterConnectionUnderTest(EndPoint[] nodes)
    {
        _proxies = nodes.ToDictionary(static node => node, FaultProxy.Start);
        var configuration = RedisConnection.Configure(string.Join(',', nodes.Select(static node => node.ToString())));
        configuration.Tunnel = new Through(_proxies);
        Backend = RedisBackend.Create(configuration);
    }

    public override ICoordinationBackend Backend { get; }

    public override void Cut() => All(static proxy => proxy.Pause());

    public override void Restore() => All(static proxy => proxy.Resume());

    public override ValueTask BreakAsync()
    {
        All(static proxy => proxy.Reset());
        return ValueTask.CompletedTask;
    }

    // One node only serves the resource.
    public override Task LoseNextReplyAsync(string resource) =>
        Task.WhenAny([.. _proxies.Values.Select(proxy => proxy.LoseReplyOf(FaultProxy.Mentions(resource)))]);

    public override async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        foreach (var proxy in _proxies.Values)
        {
            await proxy.DisposeAsync();
        }
    }

    private void All(Action<FaultProxy> act)
    {
        foreach (var proxy in _proxies.Values)
        {
            act(proxy);
        }
    }

    private sealed class Through(Dictionary<EndPoint, FaultProxy> proxies) : Tunnel
    {
        public override ValueTask<EndPoint?> GetSocketConnectEndpointAsync(EndPoint endpoint, CancellationToken cancellationToken) =>
            new(proxies.TryGetValue(endpoint, out var proxy) ? proxy.EndPoint : endpoint);
    }
}
