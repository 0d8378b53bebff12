using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Support;

/// <summary>Tests of the backend alone, on one server: no engine, so nothing renews, retries or waits by itself.</summary>
/// <param name="fixture">The server.</param>
public abstract class BackendTests(IServerFixture fixture) : IAsyncLifetime
{
    private RedisBackend? _backend;
    private IBackendSession? _session;
    private ConnectionMultiplexer? _connection;

    /// <summary>A backend on a connection of its own.</summary>
    protected RedisBackend Backend => _backend!;

    /// <summary>A session of 30 seconds in it.</summary>
    protected IBackendSession Session => _session!;

    /// <summary>What that session hears.</summary>
    protected Hints Hints { get; } = new();

    /// <summary>Another connection, to look at the server and to change it by force.</summary>
    protected IDatabase Database => _connection!.GetDatabase();

    /// <summary>The same connection's server.</summary>
    protected IServer Server => _connection!.GetServers()[0];

    /// <summary>Host and port.</summary>
    protected string EndPoint { get; private set; } = "";

    /// <summary>A resource of the test's own.</summary>
    protected string Resource { get; } = $"test/{NewId()}";

    /// <summary>A claim's id, as the engine makes them.</summary>
    /// <returns>22 characters.</returns>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <inheritdoc/>
    public virtual async ValueTask InitializeAsync()
    {
        EndPoint = await fixture.RequireAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync($"{EndPoint},allowAdmin=true{Patient.Connection}");
        _backend = Connect();
        _session = await OpenAsync();
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        if (_backend is not null)
        {
            await _backend.DisposeAsync();
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Another backend: another process, as far as the server can tell.</summary>
    /// <returns>The backend.</returns>
    protected RedisBackend Connect() => RedisBackend.Create(new RedisBackendOptions { Configuration = EndPoint + Patient.Connection });

    /// <summary>Opens a session.</summary>
    /// <param name="milliseconds">Its duration.</param>
    /// <param name="hints">What it hears.</param>
    /// <param name="ticket">A session to take over.</param>
    /// <param name="backend">The backend, if not the test's own.</param>
    /// <returns>The session.</returns>
    protected async Task<IBackendSession> OpenAsync(int milliseconds = 30_000, Hints? hints = null, string? ticket = null, RedisBackend? backend = null) =>
        await (backend ?? Backend).OpenSessionAsync(
            new SessionRequest(TimeSpan.FromMilliseconds(milliseconds)) { Ticket = ticket }, hints ?? Hints, Token);

    /// <summary>Sends a claim.</summary>
    /// <param name="mode">Its mode.</param>
    /// <param name="limit">Its limit.</param>
    /// <param name="id">Its id, if not a new one.</param>
    /// <param name="intent">What is asked.</param>
    /// <param name="session">Its session, if not the test's own.</param>
    /// <param name="value">Its value.</param>
    /// <param name="announce">Whether watchers are told.</param>
    /// <returns>Its key and how it stands.</returns>
    protected async Task<(ClaimKey Key, ClaimResult Result)> ClaimAsync(
        ClaimMode mode = ClaimMode.Exclusive,
        int limit = 1,
        string? id = null,
        ClaimIntent intent = ClaimIntent.Queue,
        IBackendSession? session = null,
        string value = "",
        bool announce = false)
    {
        var key = new ClaimKey(Resource, id ?? NewId());
        var request = new ClaimRequest(key, mode, limit, value) { Intent = intent, Announce = announce };
        return (key, await (session ?? Session).ClaimAsync(request, Token));
    }

    /// <summary>Sends a claim that must be granted.</summary>
    /// <inheritdoc cref="ClaimAsync"/>
    protected async Task<(ClaimKey Key, FencingToken Token)> HoldAsync(
        ClaimMode mode = ClaimMode.Exclusive, int limit = 1, IBackendSession? session = null, bool announce = false, string value = "")
    {
        var (key, result) = await ClaimAsync(mode, limit, session: session, announce: announce, value: value);
        Assert.Equal(ClaimOutcome.Granted, result.Outcome);
        return (key, result.Token);
    }

    /// <summary>Sends a claim that must wait.</summary>
    /// <inheritdoc cref="ClaimAsync"/>
    protected async Task<(ClaimKey Key, TimeSpan? RecheckAfter)> QueueAsync(
        ClaimMode mode = ClaimMode.Exclusive, int limit = 1, IBackendSession? session = null)
    {
        var (key, result) = await ClaimAsync(mode, limit, session: session);
        Assert.Equal(ClaimOutcome.Waiting, result.Outcome);
        return (key, result.RecheckAfter);
    }

    /// <summary>Asks how a claim stands, without making it.</summary>
    /// <param name="key">The claim.</param>
    /// <param name="session">Its session, if not the test's own.</param>
    /// <returns>How it stands.</returns>
    protected async Task<ClaimOutcome> FindAsync(ClaimKey key, IBackendSession? session = null) =>
        (await ClaimAsync(id: key.Id, intent: ClaimIntent.FindExisting, session: session)).Result.Outcome;

    /// <summary>The ids of those that hold the resource.</summary>
    /// <returns>In the order of their grants.</returns>
    protected async Task<string[]> HoldersAsync() =>
        [.. (await Backend.InspectAsync(Resource, holdersOnly: true, Token)).Holders.Select(claim => claim.Id)];

    /// <summary>Waits until something is so.</summary>
    /// <param name="condition">What.</param>
    /// <param name="what">Written by the compiler.</param>
    protected static async Task UntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Not within 15 s: {what}");
            await Task.Delay(5, Token);
        }
    }

    /// <summary>Waits as long as a backend asked for and no less, as the engine does.</summary>
    /// <param name="span">How long.</param>
    protected static async Task PassAsync(TimeSpan span) => await new RealTime().PassAsync(span);

    /// <summary>The test's token.</summary>
    protected static CancellationToken Token => TestContext.Current.CancellationToken;
}
