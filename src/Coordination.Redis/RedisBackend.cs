using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Coordination.Backends;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Queues of claims on a Redis server, a Redis Cluster, or a server that speaks like it.</summary>
/// <remarks>
/// <para>
/// Redis 6.2 or later, Valkey, Garnet (with <c>--lua --lua-transaction-mode</c>: without the second its scripts are not atomic, and nothing is promised). One script call,
/// one round trip, for each question; the server grants on the waiters' behalf and publishes it to them. In a cluster all of a resource is on the master of its slot. What it
/// promises rests on that server's keeping its data, evicting nothing of it, and on its clock not running ahead; and over a failover on <see cref="RedisBackendOptions.MinReplicaAcks"/>.
/// </para>
/// </remarks>
public sealed class RedisBackend : ICoordinationBackend
{
    private static readonly BackendDescription RedisDescription = new("Redis");

    private readonly RedisConnection _connection;
    // Of so many tickets whose attachment failed it is known that they may come again.
    private const int MostAttaching = 4096;

    private readonly ConcurrentDictionary<string, long> _attaching = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _attachingInOrder = new();
    private bool _disposed;

    /// <summary>Uses a connection of the application's, which is not disposed.</summary>
    /// <param name="multiplexer">The connection. It must not have a <see cref="ConfigurationOptions.ChannelPrefix"/>: grants would not be heard of.</param>
    /// <param name="options">Prefix, database and retention; <see langword="null"/> for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <exception cref="ArgumentNullException">The connection is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or the connection has a channel prefix.</exception>
    public RedisBackend(IConnectionMultiplexer multiplexer, RedisBackendOptions? options = null, ILoggerFactory? loggerFactory = null)
        : this(Validated(options), loggerFactory, (database, logger) => new RedisConnection(Checked(multiplexer, options), database, logger), null)
    {
    }

    private RedisBackend(RedisBackendOptions options, ILoggerFactory? loggerFactory, ConfigurationOptions configuration)
        : this(options, loggerFactory, (database, logger) => new RedisConnection(configuration, database, logger), configuration)
    {
    }

    private RedisBackend(
        RedisBackendOptions options, ILoggerFactory? loggerFactory, Func<int, ILogger, RedisConnection> connect, ConfigurationOptions? configuration)
    {
        Logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Coordination.Redis");
        _connection = connect(options.Database, Logger);
        Keys = new RedisKeys(options.KeyPrefix);
        Retention = (long)options.TokenRetention.TotalMilliseconds;
        Hints = new RedisHints(_connection, Keys.HintsOf(NewId()), Logger, confirmsGrants: options.MinReplicaAcks > 0);
        if (options.MinReplicaAcks > 0)
        {
            // A reply on it may take as long as the replicas, and then as long as ever.
            var waiting = configuration!.Clone();
            waiting.AsyncTimeout += (int)options.ReplicaAckTimeout.TotalMilliseconds;
            Acks = new RedisReplicaAcks(
                new RedisConnection(waiting, options.Database, Logger), options.MinReplicaAcks, options.ReplicaAckTimeout);
        }
    }

    /// <inheritdoc/>
    public BackendDescription Description => RedisDescription;

    internal ILogger Logger { get; }

    internal RedisKeys Keys { get; }

    internal RedisHints Hints { get; }

    /// <summary>What replicas must confirm goes through it; none where nothing must be.</summary>
    internal RedisReplicaAcks? Acks { get; }

    internal RedisArguments.Pool ClaimArguments { get; } = new(keys: 2, values: 8);

    internal RedisArguments.Pool ReleaseArguments { get; } = new(keys: 2, values: 3);

    internal long Retention { get; }

    /// <summary>Makes a connection of its own, at the first call, with the defaults of all other options.</summary>
    /// <param name="configuration">Where the server is, as StackExchange.Redis writes it: <c>localhost:6379</c>.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">The configuration is empty or cannot be read.</exception>
    public static RedisBackend Create(string configuration) => Create(new RedisBackendOptions { Configuration = configuration });

    /// <summary>Makes a connection of its own, at the first call, and disposes it. A server that is not there is told of by each call, not here.</summary>
    /// <param name="options">Where the server is, prefix, database and retention; <see langword="null"/> for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static RedisBackend Create(RedisBackendOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        options = Validated(options);
        return Create(RedisConnection.Configure(options.Configuration), options, loggerFactory);
    }

    /// <summary>The same, with the driver's own configuration.</summary>
    /// <param name="configuration">
    /// Where the server is, and how to connect. It is copied and taken as it is, but for <see cref="ConfigurationOptions.AbortOnConnectFail"/>, which is set to
    /// <see langword="false"/>, and <see cref="ConfigurationOptions.ChannelPrefix"/>, which is not used: <see cref="RedisBackendOptions.KeyPrefix"/> is for channels too. <see cref="BacklogPolicy.FailFast"/> is recommended: faults are then told at once, and retried.
    /// </param>
    /// <param name="options">Prefix, database and retention; <see langword="null"/> for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentNullException">The configuration is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static RedisBackend Create(ConfigurationOptions configuration, RedisBackendOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var copy = configuration.Clone();
        copy.AbortOnConnectFail = false;

        // The scripts publish to names that know nothing of it: no grant would be heard of.
        copy.ChannelPrefix = default;
        if (loggerFactory is not null)
        {
            copy.LoggerFactory ??= loggerFactory;
        }

        return new RedisBackend(Validated(options), loggerFactory, copy);
    }

    /// <inheritdoc/>
    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(listener);
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();

        // A session is its claims: opening one takes no round trip.
        if (request.Ticket is null)
        {
            return Listening(new RedisSession(this, Hints.NextSession(), request.Duration, listener));
        }

        return await AttachAsync(request.Ticket, request.Duration, listener, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken)
    {
        var arguments = Arguments(resource, holdersOnly ? 1 : 0, Retention);
        Hints.Revive();
        var reply = await EvaluateAsync(RedisScripts.Inspect, arguments, "inspect", resource, cancellationToken).ConfigureAwait(false);
        return RedisReplies.ToSnapshot(reply);
    }

    /// <inheritdoc/>
    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        Hints.WatchAsync(resource, Keys.ChangesOf(resource), changed, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await Hints.DisposeAsync().ConfigureAwait(false);
        if (Acks is not null)
        {
            await Acks.DisposeAsync().ConfigureAwait(false);
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    internal ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        _connection.EvaluateAsync(script, arguments, operation, resource, cancellationToken);

    // What moves a deadline: it counts only when enough replicas have it, where that is asked for.
    internal ValueTask<RedisResult> EvaluateConfirmedAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        Acks is { } acks
            ? acks.EvaluateAsync(script, arguments, operation, resource, cancellationToken)
            : EvaluateAsync(script, arguments, operation, resource, cancellationToken);

    // Which part of a cluster keeps a resource; -1 where there is no cluster.
    internal int SlotOf(string resource) => _connection.SlotOf(Keys.Of(resource).Claims);

    internal RedisArguments Arguments(string resource, params ReadOnlySpan<RedisValue> values)
    {
        var keys = Keys.Of(resource);
        var arguments = new RedisArguments(2, values.Length);
        arguments.Keys[0] = keys.Claims;
        arguments.Keys[1] = keys.Waiters;
        values.CopyTo(arguments.Values);
        return arguments;
    }

    private static RedisBackendOptions Validated(RedisBackendOptions? options)
    {
        options ??= new RedisBackendOptions();
        RedisBackendOptionsValidator.ThrowIfInvalid(options);
        return options;
    }

    private static IConnectionMultiplexer Checked(IConnectionMultiplexer multiplexer, RedisBackendOptions? options)
    {
        ArgumentNullException.ThrowIfNull(multiplexer);
        if (options?.MinReplicaAcks > 0)
        {
            throw new ArgumentException(
                $"{nameof(options.MinReplicaAcks)} needs a connection of the backend's own, as waiting for replicas holds up all that shares the connection. "
                + "Give the backend a configuration (a text or ConfigurationOptions) instead of a multiplexer.",
                nameof(options));
        }

        // The driver would subscribe to names that the scripts, which publish, do not know.
        if (multiplexer.Configuration?.Contains("channelPrefix=", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw new ArgumentException(
                "The connection has a ChannelPrefix, so grants would not be heard of. Give the backend a connection without one; its KeyPrefix is for channels too.",
                nameof(multiplexer));
        }

        return multiplexer;
    }

    private RedisSession Listening(RedisSession session)
    {
        Hints.Add(session);
        return session;
    }

    private static string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    private async ValueTask<IBackendSession> AttachAsync(string text, TimeSpan duration, ISessionListener listener, CancellationToken cancellationToken)
    {
        var ticket = RedisTicket.Parse(text);

        // When a reply was lost the next attempt must be known for the same one's, or the claim would be nobody's.
        var number = Attaching(text);
        var session = new RedisSession(this, number, duration, listener);
        var attached = await session.AttachAsync(ticket.Claim, cancellationToken).ConfigureAwait(false);

        // Of those at once, who share the number, one only: the one that removes it. Not a number that came after it: whoever comes when
        // the first has it already is given another, and to remove that would make a second owner.
        if (_attaching.TryRemove(KeyValuePair.Create(text, number)) && attached)
        {
            return Listening(session);
        }

        throw new LeaseLostException($"The lease of '{ticket.Claim.Resource}' on Redis had ended, or was taken over by another, before it was attached.");
    }

    private long Attaching(string ticket)
    {
        var next = Hints.NextSession();
        var number = _attaching.GetOrAdd(ticket, next);
        if (number == next)
        {
            // Those of attachments that never succeed are not kept for good. One that succeeded is gone already, and what is said here of it harmless.
            _attachingInOrder.Enqueue(ticket);
            if (_attachingInOrder.Count > MostAttaching && _attachingInOrder.TryDequeue(out var oldest))
            {
                _attaching.TryRemove(oldest, out _);
            }
        }

        return number;
    }
}
