using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Conformance;
using Coordination.Redis.Tests.Servers;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>A set of masters: what suites do to "the server" they do to all of them.</summary>
public sealed class RedlockServerUnderTest : BackendServer
{
    private readonly RedlockServers _servers;
    private readonly RealTime _time = new();

    private RedlockServerUnderTest(RedlockServers servers) => _servers = servers;

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(2);

    public override bool OpensSessionsLocally => true;

    public static async ValueTask<BackendServer> StartAsync(int masters, bool fakeClock)
    {
        var server = new RedlockServerUnderTest(await RedlockServers.StartAdmittedAsync(masters, fakeClock));

        // The scripts are known from here on: "lose the reply of the next request" then hits the request, not the question whether its script is known.
        await server.WarmUpAsync();
        return server;
    }

    public override ValueTask<BackendConnection> ConnectAsync() => new(new RedlockConnectionUnderTest(_servers.EndPoints));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "redlock", string.Join(';', _servers.EndPoints), $"{duration.TotalMilliseconds:0}"));

    // Those of one master: each round is one request at each.
    public override async ValueTask<long> CountRequestsAsync()
    {
        var most = 0L;
        for (var master = 0; master < _servers.All.Count; master++)
        {
            most = Math.Max(most, RedisStatistics.ScriptCalls((await _servers.AdminAsync(master)).GetServer(_servers.All[master].EndPoint)));
        }

        return most;
    }

    public override async ValueTask FreezeAsync() => await AllAsync(static server => server.FreezeAsync());

    public override async ValueTask ThawAsync() => await AllAsync(static server => server.ResumeAsync());

    public override async ValueTask KillAsync() => await AllAsync(static server => server.KillAsync());

    public override async ValueTask RestartAsync(bool keepData)
    {
        await Task.WhenAll(Enumerable.Range(0, _servers.All.Count).Select(_servers.RestartAsync));
        if (!keepData)
        {
            await Task.WhenAll(Enumerable.Range(0, _servers.All.Count).Select(_servers.FlushAsync));
        }

        await _servers.AdmitAsync();
    }

    public override async ValueTask StepClockAsync(TimeSpan step) => await AllAsync(server => ((RedisServerProcess)server).SetClockAsync(step));

    public override async ValueTask DeleteClaimAsync(ClaimKey claim)
    {
        var deleted = 0;
        for (var master = 0; master < _servers.All.Count; master++)
        {
            var database = await _servers.DatabaseAsync(master);
            deleted += await database.HashDeleteAsync(new RedlockKeys("coordination").Of(claim.Resource).Leases, claim.Id) ? 1 : 0;
        }

        Assert.True(deleted > _servers.All.Count / 2);
    }

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims)
    {
        // A session is nothing but its claims: they are removed as an operator would who uses the library's own script.
        await using var admin = RedlockBackend.Create(_servers.EndPoints);
        await using var ended = await admin.OpenSessionAsync(new SessionRequest(Duration), new RecordingListener(), CancellationToken.None);
        await ended.EndAsync(claims, CancellationToken.None);
    }

    public override ValueTask DisposeAsync() => _servers.DisposeAsync();

    private Task AllAsync(Func<TestServer, Task> act) => Task.WhenAll(_servers.All.Select(act));

    private async Task WarmUpAsync()
    {
        var options = new RedlockBackendOptions { MasterTimeout = TimeSpan.FromSeconds(30) };
        foreach (var endPoint in _servers.EndPoints)
        {
            options.Masters.Add(endPoint + ",asyncTimeout=60000");
        }

        await using var backend = RedlockBackend.Create(options);
        await using var session = await backend.OpenSessionAsync(new SessionRequest(Duration), new RecordingListener(), CancellationToken.None);
        var key = new ClaimKey("first", "first");
        for (var master = 0; master < _servers.All.Count; master++)
        {
            foreach (var script in new[] { RedlockScripts.Hello, RedlockScripts.Claim, RedlockScripts.Renew, RedlockScripts.Release, RedlockScripts.Inspect, RedlockScripts.SetValue, RedlockScripts.Detach, RedlockScripts.Attach, RedlockScripts.Forfeit, RedlockScripts.Join })
            {
                await (await _servers.AdminAsync(master)).GetServer(_servers.All[master].EndPoint).ScriptLoadAsync(script.Text);
            }
        }

        await session.ClaimAsync(new ClaimRequest(key, ClaimMode.Exclusive, 1, ""), CancellationToken.None);
        await session.ReleaseAsync(key, CancellationToken.None);
    }
}
