using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>What a backend hears from the server: one channel for the grants of all its sessions, and one for each watched resource.</summary>
internal sealed class RedisHints : IAsyncDisposable
{
    private readonly RedisConnection _connection;
    private readonly ILogger _logger;
    private readonly RedisChannel _channel;
    private readonly ConcurrentDictionary<long, RedisSession> _sessions = new();
    private readonly ConcurrentDictionary<Watch, byte> _watches = new();
    private readonly SemaphoreSlim _subscribing = new(1, 1);
    private readonly bool _confirmsGrants;
    private Action<RedisChannel, RedisValue>? _handler;
    private int _reviving;
    private volatile bool _disposed;
    private long _lastSession;

    /// <summary>Makes them; nothing is subscribed yet.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="channel">The backend's channel, without white space.</param>
    /// <param name="logger">Where to log to.</param>
    /// <param name="confirmsGrants">Whether a grant is only told to be asked for, as it does not count before replicas have it.</param>
    public RedisHints(RedisConnection connection, string channel, ILogger logger, bool confirmsGrants = false)
    {
        _confirmsGrants = confirmsGrants;
        _connection = connection;
        _logger = logger;
        ChannelName = channel;
        _channel = RedisChannel.Literal(channel);
        _connection.Restored += OnRestored;
        _connection.Failed += OnFailed;
    }

    /// <summary>The name of the backend's channel.</summary>
    public string ChannelName { get; }

    /// <summary>Whether grants are heard of: so before a claim may wait.</summary>
    public bool IsSubscribed { get; private set; }

    /// <summary>A number for a session, of which the server tells when it grants.</summary>
    /// <returns>The number, unique in this backend.</returns>
    public long NextSession() => Interlocked.Increment(ref _lastSession);

    /// <summary>Passes on what is heard for a session.</summary>
    /// <param name="session">The session.</param>
    public void Add(RedisSession session) => _sessions[session.Number] = session;

    /// <summary>Ends that.</summary>
    /// <param name="session">The session's number.</param>
    public void Remove(long session) => _sessions.TryRemove(session, out _);

    /// <summary>Subscribes the backend's channel, once. One round trip.</summary>
    /// <param name="operation">For whom, for the error.</param>
    /// <param name="resource">For which resource, for the error.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask SubscribeAsync(string operation, string resource, CancellationToken cancellationToken)
    {
        await _subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(RedisBackend));
            if (IsSubscribed)
            {
                return;
            }

            var handler = Handler();
            await _connection.SubscribeAsync(_channel, handler, cancellationToken).ConfigureAwait(false);
            _handler = handler;
            IsSubscribed = true;
            if (_disposed)
            {
                // It came after the disposal had looked.
                await UnsubscribeAsync(_channel, handler).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException || (e is ObjectDisposedException && !_disposed))
        {
            throw RedisErrors.Translate(e, operation, resource);
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>Watches a resource. One round trip.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="changed">Who is told.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Ends the watch when disposed.</returns>
    public async ValueTask<IAsyncDisposable> WatchAsync(string resource, RedisChannel channel, Action changed, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(RedisBackend));
        var watch = new Watch(this, channel, changed);
        try
        {
            _watches[watch] = 0;
            await watch.SubscribeAsync(cancellationToken).ConfigureAwait(false);
            if (_disposed)
            {
                await watch.DisposeAsync().ConfigureAwait(false);
            }

            return watch;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
            throw RedisErrors.Translate(e, "watch", resource);
        }
    }

    /// <summary>Subscribes anew, in the background, what was subscribed and is not: somebody who shares the connection has ended all its subscriptions.</summary>
    public void Revive()
    {
        if (IsSubscribed && !_disposed && !_connection.IsSubscribed(_channel))
        {
            OnFailed();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        _connection.Restored -= OnRestored;
        _connection.Failed -= OnFailed;
        _sessions.Clear();
        foreach (var (watch, _) in _watches)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }

        // The semaphore is not disposed: it holds nothing, and a call that is under way gives it back.
        if (_handler is { } handler)
        {
            await UnsubscribeAsync(_channel, handler).ConfigureAwait(false);
        }
    }

    private async ValueTask UnsubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler)
    {
        try
        {
            // The connection may be the user's and live on. Nobody waits for the server's word on it.
            await _connection.Subscriber.UnsubscribeAsync(channel, handler, CommandFlags.FireAndForget).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            RedisLog.UnsubscribeFailed(_logger, channel.ToString(), e);
        }
    }

    // "session id token", as promote in prelude.lua writes it.
    private void OnMessage(RedisChannel channel, RedisValue message)
    {
        var text = (string?)message;
        var first = text?.IndexOf(' ', StringComparison.Ordinal) ?? -1;
        var last = text?.LastIndexOf(' ') ?? -1;
        if (text is null || first <= 0 || last <= first ||
            !long.TryParse(text.AsSpan(0, first), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ||
            !long.TryParse(text.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var token))
        {
            RedisLog.HintNotUnderstood(_logger, ChannelName);
            return;
        }

        if (!_sessions.TryGetValue(number, out var session))
        {
            return;
        }

        var id = text[(first + 1)..last];
        if (_confirmsGrants)
        {
            session.OnChanged(id);
        }
        else
        {
            session.OnGranted(id, new FencingToken(token));
        }
    }

    private void OnRestored() => _ = AskAgainAsync();

    private void OnFailed()
    {
        if (!_disposed && (IsSubscribed || !_watches.IsEmpty) && Interlocked.Exchange(ref _reviving, 1) == 0)
        {
            _ = ReviveAsync();
        }
    }

    // With another handler first, so that at no time nobody hears. Where it fails the old one stays, and the driver goes on with it.
    private async Task ReviveAsync()
    {
        try
        {
            if (_handler is { } old)
            {
                var handler = Handler();
                await _connection.SubscribeAsync(_channel, handler, CancellationToken.None).ConfigureAwait(false);
                _handler = handler;
                await UnsubscribeAsync(_channel, _disposed ? handler : old).ConfigureAwait(false);
            }

            foreach (var (watch, _) in _watches)
            {
                await watch.ReviveAsync().ConfigureAwait(false);
            }

            RedisLog.Resubscribed(_logger, ChannelName);
            TellAll();
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            RedisLog.ResubscribeUnconfirmed(_logger, ChannelName, e);
        }
        finally
        {
            Volatile.Write(ref _reviving, 0);
        }
    }

    // Another for each subscription, or the driver could not tell one from the next.
    private Action<RedisChannel, RedisValue> Handler()
    {
        var hints = this;
        return (channel, message) => hints.OnMessage(channel, message);
    }

    // The driver subscribes again before it tells us that the connection is back. A ping on the same connection is answered after
    // that: what is published from then on is heard, and what was before is asked for.
    private async Task AskAgainAsync()
    {
        try
        {
            var subscriber = _connection.Subscriber;
            await subscriber.PingAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            RedisLog.ResubscribeUnconfirmed(_logger, ChannelName, e);
        }

        TellAll();
    }

    private void TellAll()
    {
        foreach (var (_, session) in _sessions)
        {
            session.OnChanged(null);
        }

        foreach (var (watch, _) in _watches)
        {
            watch.Changed();
        }
    }

    private sealed class Watch(RedisHints hints, RedisChannel channel, Action changed) : IAsyncDisposable
    {
        private Action<RedisChannel, RedisValue>? _handler;

        public Action Changed { get; } = changed;

        public async Task SubscribeAsync(CancellationToken cancellationToken)
        {
            var handler = Handler();
            await hints._connection.SubscribeAsync(channel, handler, cancellationToken).ConfigureAwait(false);
            _handler = handler;
        }

        public async Task ReviveAsync()
        {
            if (_handler is { } old)
            {
                await SubscribeAsync(CancellationToken.None).ConfigureAwait(false);
                await hints.UnsubscribeAsync(channel, old).ConfigureAwait(false);
                if (!hints._watches.ContainsKey(this))
                {
                    await hints.UnsubscribeAsync(channel, _handler).ConfigureAwait(false);
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (hints._watches.TryRemove(this, out _) && _handler is { } handler)
            {
                await hints.UnsubscribeAsync(channel, handler).ConfigureAwait(false);
            }
        }

        private Action<RedisChannel, RedisValue> Handler()
        {
            var watch = this;
            return (_, _) => watch.Changed();
        }
    }
}
