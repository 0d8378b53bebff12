using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>The driver's connection: given by the user, or made at the first call and owned.</summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    // The driver's own limit for a connection, by default.
    private static readonly TimeSpan SubscriberLimit = TimeSpan.FromSeconds(3);

    private readonly ConfigurationOptions? _configuration;
    private readonly int _databaseNumber;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private IConnectionMultiplexer? _multiplexer;
    private IDatabase? _database;
    private Task<IConnectionMultiplexer>? _connecting;
    private readonly RedisServerCheck _check;
    private bool _checked;
    private bool _disposed;

    /// <summary>Takes a connection of the user's, which is not disposed.</summary>
    /// <param name="multiplexer">The connection.</param>
    /// <param name="database">The number of the database, or -1.</param>
    /// <param name="logger">Where to log to.</param>
    public RedisConnection(IConnectionMultiplexer multiplexer, int database, ILogger logger)
    {
        _databaseNumber = database;
        _logger = logger;
        _check = new RedisServerCheck(logger);
        Take(multiplexer);
    }

    /// <summary>Connects at the first call.</summary>
    /// <param name="configuration">Where to, and how.</param>
    /// <param name="database">The number of the database, or -1.</param>
    /// <param name="logger">Where to log to.</param>
    public RedisConnection(ConfigurationOptions configuration, int database, ILogger logger)
    {
        _configuration = configuration;
        _databaseNumber = database;
        _logger = logger;
        _check = new RedisServerCheck(logger);
    }

    /// <summary>The number of the database, or <see langword="null"/> for the connection's own.</summary>
    public int? DatabaseNumber => _databaseNumber < 0 ? _configuration?.DefaultDatabase : _databaseNumber;

    /// <summary>Raised when a connection that was lost is back: what was published meanwhile was missed.</summary>
    public event Action? Restored;

    /// <summary>Raised when a connection to one of several servers is lost: what it subscribed to has to be subscribed elsewhere.</summary>
    public event Action? Failed;

    /// <summary>The subscriber of a connection that was made already; it may be disconnected.</summary>
    /// <exception cref="ObjectDisposedException">There is no connection.</exception>
    public ISubscriber Subscriber => _multiplexer?.GetSubscriber() ?? throw new ObjectDisposedException(nameof(RedisBackend));

    /// <summary>Makes a driver's configuration of a connection string, with settings that notice faults soon where it says nothing.</summary>
    /// <param name="configuration">The connection string.</param>
    /// <returns>The configuration.</returns>
    public static ConfigurationOptions Configure(string configuration)
    {
        var options = ConfigurationOptions.Parse(configuration);
        var set = configuration.Split(',', StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=')[0].TrimEnd())
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

        // The engine retries, and its operation timeout is 5 seconds: the driver is to say before that why it cannot.
        if (!set.Contains("connectTimeout"))
        {
            options.ConnectTimeout = 3000;
        }

        if (!set.Contains("connectRetry"))
        {
            options.ConnectRetry = 1;
        }

        // Seconds between pings when nothing else is sent: a connection whose other end is gone is noticed.
        if (!set.Contains("keepAlive"))
        {
            options.KeepAlive = 5;
        }

        options.ReconnectRetryPolicy = new LinearRetry(500);

        // A command that waits in the driver for a connection hides the cause until the time is up, and is sent when nobody wants it any more.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        return options;
    }

    /// <summary>The database, connected to if that was not done yet.</summary>
    /// <param name="cancellationToken">Ends the call, not the connecting.</param>
    /// <returns>The database.</returns>
    public ValueTask<IDatabase> GetDatabaseAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(RedisBackend));
        if (_database is not { } database)
        {
            return ConnectAsync(cancellationToken);
        }

        if (!_checked)
        {
            _checked = true;
            _check.Begin(_multiplexer!);
        }

        return new(database);
    }

    /// <summary>The server that takes writes of a key now, as far as the driver knows.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the call, not the connecting.</param>
    /// <returns>The server.</returns>
    public async ValueTask<IServer> GetMasterAsync(RedisKey key, CancellationToken cancellationToken)
    {
        await GetDatabaseAsync(cancellationToken).ConfigureAwait(false);
        return _multiplexer!.GetServer(key, flags: CommandFlags.DemandMaster);
    }

    /// <summary>The slot of a cluster that a key belongs to.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The slot, or -1 where there is no cluster or no connection yet.</returns>
    public int SlotOf(RedisKey key) => _multiplexer?.GetHashSlot(key) ?? -1;

    /// <summary>Whether a channel is subscribed at a server now.</summary>
    /// <param name="channel">The channel.</param>
    /// <returns><see langword="false"/> also where there is no connection.</returns>
    public bool IsSubscribed(RedisChannel channel) => _multiplexer?.GetSubscriber().SubscribedEndpoint(channel) is not null;

    /// <summary>Subscribes a channel. One round trip. After a fault or a cancellation it is not subscribed, or not for longer than the server takes.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="handler">Who hears; another for each call.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken)
    {
        await GetDatabaseAsync(cancellationToken).ConfigureAwait(false);
        var multiplexer = _multiplexer!;
        var subscriber = multiplexer.GetSubscriber();
        var decided = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Decide(object? sender, ConnectionFailedEventArgs e) => decided.TrySetResult();
        multiplexer.ConnectionRestored += Decide;
        multiplexer.ConnectionFailed += Decide;
        var subscribing = Task.CompletedTask;
        try
        {
            subscribing = subscriber.SubscribeAsync(channel, handler);
            await subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RedisConnectionException) when (multiplexer.IsConnected)
        {
            // The driver's second connection, for messages, is up a little later than the first. Whether it comes up or not, the driver says so.
            if (!subscriber.IsConnected())
            {
                await decided.Task.WaitAsync(SubscriberLimit, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }

            await subscriber.UnsubscribeAsync(channel, handler, CommandFlags.FireAndForget).ConfigureAwait(false);
            subscribing = subscriber.SubscribeAsync(channel, handler);
            await WithdrawnAsync(subscribing).ConfigureAwait(false);
        }
        catch
        {
            _ = WithdrawAsync(subscribing);
            throw;
        }
        finally
        {
            multiplexer.ConnectionRestored -= Decide;
            multiplexer.ConnectionFailed -= Decide;
        }

        async Task WithdrawnAsync(Task sent)
        {
            try
            {
                await sent.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                _ = WithdrawAsync(sent);
                throw;
            }
        }

        // After the server's word on it: before, the driver would take the handler away and leave the subscription.
        async Task WithdrawAsync(Task sent)
        {
            try
            {
                await sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await subscriber.UnsubscribeAsync(channel, handler, CommandFlags.FireAndForget).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
            {
                RedisLog.UnsubscribeFailed(_logger, channel.ToString(), e);
            }
        }
    }

    /// <summary>Runs a script: by its hash, or by its text where the server does not know it (after a restart, a failover, a SCRIPT FLUSH).</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its keys and arguments, which are given back when the reply has come.</param>
    /// <param name="operation">What it does, for the error.</param>
    /// <param name="resource">The resource it is about, for the error.</param>
    /// <param name="cancellationToken">Ends the call; what was sent may still be applied.</param>
    /// <returns>The reply.</returns>
    public ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        EvaluateAsync(script, arguments, isKnown: true, operation, resource, cancellationToken);

    /// <summary>Runs a script that the server does not know, by its text.</summary>
    /// <inheritdoc cref="EvaluateAsync(RedisScript, RedisArguments, string, string?, CancellationToken)"/>
    public ValueTask<RedisResult> EvaluateTextAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) =>
        EvaluateAsync(script, arguments, isKnown: false, operation, resource, cancellationToken);

    /// <summary>Sends a script by its hash, and leaves the rest to the caller.</summary>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its keys and arguments, which the caller gives back.</param>
    /// <returns>The driver's answer; <see langword="null"/> where there is no connection yet, or its server is to be looked at first.</returns>
    public Task<RedisResult>? TrySend(RedisScript script, RedisArguments arguments) => _database is { } database && _checked && !_disposed
        ? database.ScriptEvaluateAsync(script.Hash, arguments.Keys, arguments.Values)
        : null;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, bool isKnown, string operation, string? resource, CancellationToken cancellationToken)
    {
        Task<RedisResult>? sent = null;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var database = await GetDatabaseAsync(cancellationToken).ConfigureAwait(false);
            RedisResult? reply = null;
            if (isKnown)
            {
                try
                {
                    sent = database.ScriptEvaluateAsync(script.Hash, arguments.Keys, arguments.Values);
                    reply = await RedisReplyWait.For(sent, cancellationToken).ConfigureAwait(false);
                }
                catch (RedisServerException e) when (e.Kind == RedisErrorKind.NoScript)
                {
                    // It is sent as text.
                }
            }

            if (reply is null)
            {
                RedisLog.ScriptLoaded(_logger, script.Name);
                sent = database.ScriptEvaluateAsync(script.Text, arguments.Keys, arguments.Values, CommandFlags.NoScriptCache);
                reply = await RedisReplyWait.For(sent, cancellationToken).ConfigureAwait(false);
            }

            arguments.Return();
            return reply;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Forget(sent);
            throw;
        }
        catch (Exception e) when (e is not ObjectDisposedException || !_disposed)
        {
            throw RedisErrors.Translate(e, operation, resource);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task<IConnectionMultiplexer>? connecting;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            connecting = _connecting;
        }

        Restored = null;
        Failed = null;
        if (_multiplexer is { } multiplexer)
        {
            multiplexer.ConnectionRestored -= OnConnectionRestored;
            multiplexer.ConnectionFailed -= OnConnectionFailed;
        }

        if (_configuration is null)
        {
            return;
        }

        // A connection that is still being made is closed when it is; nobody waits for that.
        if (connecting is { IsCompleted: false })
        {
            _ = CloseAsync(connecting);
        }
        else if (_multiplexer is not null)
        {
            await CloseAsync(Task.FromResult(_multiplexer)).ConfigureAwait(false);
        }
    }

    private static async Task CloseAsync(Task<IConnectionMultiplexer> connection)
    {
        try
        {
            var multiplexer = await connection.ConfigureAwait(false);
            await multiplexer.CloseAsync(allowCommandsToComplete: false).ConfigureAwait(false);
            await multiplexer.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or ObjectDisposedException or TimeoutException)
        {
            // It is gone, which is what was wanted.
        }
    }

    // What was sent goes on; its fault is nobody's any more.
    private static void Forget(Task? sent) =>
        sent?.ContinueWith(
            static task => _ = task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    private async ValueTask<IDatabase> ConnectAsync(CancellationToken cancellationToken)
    {
        Task<IConnectionMultiplexer> connecting;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(RedisBackend));

            // One attempt at a time, shared; a caller that gives up does not end it.
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _connecting = OpenAsync(_configuration!);
            }

            connecting = _connecting;
        }

        await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_multiplexer is { } multiplexer && !_checked)
        {
            _checked = true;
            _check.Begin(multiplexer);
        }

        // None when it was disposed meanwhile.
        return _database ?? throw new ObjectDisposedException(nameof(RedisBackend));
    }

    private async Task<IConnectionMultiplexer> OpenAsync(ConfigurationOptions configuration)
    {
        RedisLog.Connecting(_logger, string.Join(", ", configuration.EndPoints));
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
        lock (_gate)
        {
            if (!_disposed)
            {
                Take(multiplexer);
            }
        }

        return multiplexer;
    }

    private void Take(IConnectionMultiplexer multiplexer)
    {
        _multiplexer = multiplexer;
        multiplexer.ConnectionRestored += OnConnectionRestored;
        multiplexer.ConnectionFailed += OnConnectionFailed;
        _database = multiplexer.GetDatabase(_databaseNumber);
    }

    // Of either kind: with RESP3 the one connection carries the messages too.
    private void OnConnectionRestored(object? sender, ConnectionFailedEventArgs e)
    {
        RedisLog.ConnectionRestored(_logger);
        _checked = false;
        Restored?.Invoke();
    }

    private void OnConnectionFailed(object? sender, ConnectionFailedEventArgs e)
    {
        if (Failed is { } failed && _multiplexer?.GetEndPoints().Length > 1)
        {
            failed();
        }
    }
}
