using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Conformance;

/// <summary>A real server, which is frozen by SIGSTOP and killed by SIGKILL; clients reach it through proxies, the test itself directly.</summary>
public sealed class RedisServerUnderTest : BackendServer
{
    private readonly string _endPoint;
    private readonly TestServer? _server;
    private readonly RealTime _time = new();
    private readonly Func<long> _scriptCalls;
    private readonly Func<ValueTask>? _end;
    private ConnectionMultiplexer? _admin;

    private RedisServerUnderTest(string endPoint, TestServer? server, Func<ValueTask>? end = null)
    {
        _end = end;
        _endPoint = endPoint;
        _server = server;
        _scriptCalls = () => RedisStatistics.ScriptCalls(Admin.GetServer(_endPoint));
    }

    public override TestTime Time => _time;

    public override TimeSpan Duration => TimeSpan.FromSeconds(2);

    public override bool OpensSessionsLocally => true;

    private ConnectionMultiplexer Admin => _admin ?? throw new InvalidOperationException("The server was not started.");

    private IDatabase Database => Admin.GetDatabase();

    private TestServer Breakable =>
        _server ?? throw new InvalidOperationException($"The server at {_endPoint} was given to the tests to use, not to break.");

    /// <summary>Starts a server of the tests' own.</summary>
    public static async ValueTask<BackendServer> StartAsync(TestServer server)
    {
        await server.StartAsync();
        return await UseAsync(server, server.DisposeAsync);
    }

    /// <summary>Uses one that was started.</summary>
    /// <param name="server">The server.</param>
    /// <param name="end">What becomes of it in the end.</param>
    public static ValueTask<BackendServer> UseAsync(TestServer server, Func<ValueTask> end) =>
        ConnectAsync(new RedisServerUnderTest(server.EndPoint, server, end));

    /// <summary>Uses one that runs already, as <c>host:port</c>. Others may use it too; but what is counted is then not the library's alone.</summary>
    public static ValueTask<BackendServer> UseAsync(string endPoint) => ConnectAsync(new RedisServerUnderTest(endPoint, server: null));

    private static async ValueTask<BackendServer> ConnectAsync(RedisServerUnderTest server)
    {
        server._admin = await ConnectionMultiplexer.ConnectAsync($"{server._endPoint},allowAdmin=true,abortConnect=false,syncTimeout=60000,asyncTimeout=60000");

        // The scripts are known from here on: "lose the reply of the next request" then hits the request, not the question whether its script is known.
        // A server that has just started on a loaded machine takes its time for the first one.
        await using var first = new Coordinator(
            RedisBackend.Create($"{server._endPoint},asyncTimeout=60000"), new CoordinatorOptions { OperationTimeout = TimeSpan.FromMinutes(1) });
        await using (await first.CreateLock("first").AcquireAsync())
        {
        }

        return server;
    }

    public override ValueTask<BackendConnection> ConnectAsync() => new(new RedisConnectionUnderTest(EndPointOf(_endPoint)));

    public override ValueTask<Worker> StartWorkerAsync(TimeSpan duration) => new(ProcessWorker.Start(
        Metadata.Of("WorkerPath"), "redis", _endPoint, $"{duration.TotalMilliseconds:0}"));

    public override ValueTask<long> CountRequestsAsync() => new(_scriptCalls());

    public override async ValueTask FreezeAsync() => await Breakable.FreezeAsync();

    public override async ValueTask ThawAsync() => await Breakable.ResumeAsync();

    public override async ValueTask KillAsync() => await Breakable.KillAsync();

    public override async ValueTask RestartAsync(bool keepData)
    {
        await Breakable.StartAsync();
        if (!keepData)
        {
            await Database.ExecuteAsync("FLUSHALL");
        }
    }

    public override async ValueTask StepClockAsync(TimeSpan step) =>
        await ((RedisServerProcess)Breakable).SetClockAsync(step);

    public override async ValueTask DeleteClaimAsync(ClaimKey claim) =>
        Assert.True(await Database.HashDeleteAsync(new RedisKeys("coordination").Of(claim.Resource).Claims, claim.Id));

    public override async ValueTask ExpireSessionAsync(IBackendSession session, IReadOnlyList<ClaimKey> claims)
    {
        // A session is nothing but its claims: they are removed as an operator would who uses the library's own script.
        await using var admin = RedisBackend.Create(_endPoint);
        await using var ended = await admin.OpenSessionAsync(new SessionRequest(Duration), new RecordingListener(), CancellationToken.None);
        await ended.EndAsync(claims, CancellationToken.None);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_admin is not null)
        {
            // It says good-bye to nobody: a server that is frozen would not answer.
            await _admin.CloseAsync(allowCommandsToComplete: false);
            await _admin.DisposeAsync();
        }

        if (_end is not null)
        {
            await _end();
        }
    }

    // A proxy connects by address or by name.
    private static EndPoint EndPointOf(string endPoint) =>
        EndPointCollection.TryParse(endPoint) ?? throw new ArgumentException($"'{endPoint}' is not host:port.", nameof(endPoint));
}
