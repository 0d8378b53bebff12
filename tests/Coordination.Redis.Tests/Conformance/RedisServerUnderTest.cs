using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Conformance;

/// <summary>A real server, which is frozen by SIGSTOP and killed by SIGKILL; clients reach it through proxies, the test itself directly.</summary>
public sealed class RedisServerUnderTest : BackendServer
{
    private readonly ServerProcess _process;
    private readonly RealTime _time = new();
    private readonly Func<long> _scriptCalls;
    private ConnectionMultiplexer? _admin;

    private RedisServerUnderTest(ServerProcess process)
    {
        _process = process;
        _scriptCalls = () => RedisStatistics.ScriptCalls(Admin.GetServer(_process.EndPoint));
    }

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(2);

    public override bool OpensSessionsLocally => true;

    private ConnectionMultiplexer Admin => _admin ?? throw new InvalidOperationException("The server was not started.");

    private IDatabase Database => Admin.GetDatabase();

    public static async ValueTask<BackendServer> StartAsync(ServerProcess process)
    {
        var server = new RedisServerUnderTest(process);
        await process.StartAsync();
        server._admin = await ConnectionMultiplexer.ConnectAsync($"{process.EndPoint},allowAdmin=true,abortConnect=false");

        // The scripts are known from here on: "lose the reply of the next request" then hits the request, not the question whether its script is known.
        await using var first = new Coordinator(RedisBackend.Create(process.EndPoint));
        await using (await first.CreateLock("first").AcquireAsync())
        {
        }

        return server;
    }

    public override ValueTask<BackendConnection> ConnectAsync() => new(new RedisConnectionUnderTest(IPEndPoint.Parse(_process.EndPoint)));

    public override ValueTask<Worker> StartWorkerAsync() => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "redis", _process.EndPoint, $"{Duration.TotalMilliseconds:0}"));

    public override ValueTask<long> CountRequestsAsync() => new(_scriptCalls());

    public override async ValueTask FreezeAsync() => await _process.FreezeAsync();

    public override async ValueTask ThawAsync() => await _process.ResumeAsync();

    public override async ValueTask KillAsync() => await _process.KillAsync();

    public override async ValueTask RestartAsync(bool keepData)
    {
        await _process.StartAsync();
        if (!keepData)
        {
            await Database.ExecuteAsync("FLUSHALL");
        }
    }

    public override async ValueTask StepClockAsync(TimeSpan step) =>
        await ((RedisServerProcess)_process).SetClockAsync(step);

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) =>
        Assert.True(await Database.HashDeleteAsync(new RedisKeys("coordination").Of(claim.Resource).Claims, claim.Id));

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims)
    {
        // A session is nothing but its claims: they are removed as an operator would who uses the library's own script.
        await using var admin = RedisBackend.Create(_process.EndPoint);
        await using var ended = await admin.OpenSessionAsync(new SessionRequest(Duration), new RecordingListener(), CancellationToken.None);
        await ended.EndAsync(claims, CancellationToken.None);
    }

    public override async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        if (_admin is not null)
        {
            await _admin.DisposeAsync();
        }
    }
}
