using System.Collections.Concurrent;
using System.Globalization;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>What a backend hears from the masters: one channel on each for the wake-ups of all its sessions, and one for each watched resource.</summary>
internal sealed class RedlockHints : IAsyncDisposable
{
    private readonly RedlockBackend _backend;
    private readonly ConcurrentDictionary<long, RedlockSession> _sessions = new();
    private readonly ConcurrentDictionary<Channel, byte> _channels = new();
    private readonly Channel _wakes;
    private volatile bool _disposed;
    private long _lastSession;

    /// <summary>Makes them; nothing is subscribed yet.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="channel">The backend's channel, without white space.</param>
    public RedlockHints(RedlockBackend backend, string channel)
    {
        _backend = backend;
        ChannelName = channel;
        _wakes = new Channel(this, RedisChannel.Literal(channel), OnMessage, WakeAll);
        for (var i = 0; i < backend.Masters.Count; i++)
        {
            var master = i;
            backend.Masters[i].Restored += () => _ = RestoredAsync(master);
        }
    }

    /// <summary>The name of the backend's channel.</summary>
    public string ChannelName { get; }

    /// <summary>Whether wake-ups of a majority are heard: so before a claim may wait.</summary>
    public bool IsSubscribed => _wakes.IsHeard;

    /// <summary>A session that can tell the engine that maintenance is due.</summary>
    public RedlockSession? AnySession => _sessions.Values.FirstOrDefault();

    /// <summary>A number for a session.</summary>
    /// <returns>The number, unique in this backend.</returns>
    public long NextSession() => Interlocked.Increment(ref _lastSession);

    /// <summary>Passes on what is heard for a session.</summary>
    /// <param name="session">The session.</param>
    public void Add(RedlockSession session) => _sessions[session.Number] = session;

    /// <summary>Ends that.</summary>
    /// <param name="session">Its number.</param>
    public void Remove(long session) => _sessions.TryRemove(session, out _);

    /// <summary>Subscribes the backend's channel on a majority, once, and on the others as they come.</summary>
    /// <param name="operation">For whom, for the error.</param>
    /// <param name="resource">For which resource, for the error.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task SubscribeAsync(string operation, string resource, CancellationToken cancellationToken) =>
        _wakes.SubscribeAsync(operation, resource, cancellationToken);

    /// <summary>Watches a resource. One round trip.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="changed">Who is told.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Ends the watch when disposed.</returns>
    public async ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(RedlockBackend));
        cancellationToken.ThrowIfCancellationRequested();
        var watch = new Channel(this, _backend.Keys.ChangesOf(resource), (_, _) => changed(), changed);
        try
        {
            await watch.SubscribeAsync("watch", resource, cancellationToken).ConfigureAwait(false);
            return watch;
        }
        catch
        {
            await watch.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        _sessions.Clear();
        foreach (var (channel, _) in _channels)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    // "session id", as wake in rare.lua writes it.
    private void OnMessage(RedisChannel channel, RedisValue message)
    {
        var text = (string?)message;
        var space = text?.IndexOf(' ', StringComparison.Ordinal) ?? -1;
        if (text is null || space <= 0 || !long.TryParse(text.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            RedisLog.HintNotUnderstood(_backend.Logger, ChannelName);
            return;
        }

        if (_sessions.TryGetValue(number, out var session))
        {
            session.Wake(text[(space + 1)..]);
        }
    }

    private void WakeAll()
    {
        foreach (var (_, session) in _sessions)
        {
            session.WakeAll();
        }
    }

    // What was published meanwhile was missed. A master that restarted has to be looked at.
    private async Task RestoredAsync(int master)
    {
        _backend.Restored(master);
        foreach (var (channel, _) in _channels)
        {
            await channel.RestoredAsync(master).ConfigureAwait(false);
        }

        // To ask is of no use before a majority is back; the one that makes it so raises this again.
        if (await _backend.ReachAsync().ConfigureAwait(false))
        {
            foreach (var (channel, _) in _channels)
            {
                channel.Missed();
            }
        }

        AnySession?.MaintenanceDue();
    }

    /// <summary>A channel on all masters.</summary>
    private sealed class Channel(RedlockHints hints, RedisChannel name, Action<RedisChannel, RedisValue> heard, Action missed) : IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private readonly Task?[] _subscribing = new Task?[hints._backend.Masters.Count];
        private bool _isDisposed;

        public bool IsHeard { get; private set; }

        public async Task SubscribeAsync(string operation, string resource, CancellationToken cancellationToken)
        {
            hints._channels[this] = 0;
            var tasks = new List<Task>();
            for (var master = 0; master < _subscribing.Length; master++)
            {
                tasks.Add(SubscribeAsync(master));
            }

            var missing = (tasks.Count / 2) + 1;
            Exception? fault = null;
            while (missing > 0)
            {
                if (tasks.Count < missing)
                {
                    throw hints._backend.TooFew(operation, resource, fault);
                }

                var ended = await Task.WhenAny(tasks).WaitAsync(cancellationToken).ConfigureAwait(false);
                tasks.Remove(ended);
                if (ended.IsCompletedSuccessfully)
                {
                    missing--;
                }
                else
                {
                    fault ??= ended.Exception?.InnerException;
                }
            }

            IsHeard = true;
            if (hints._disposed)
            {
                await DisposeAsync().ConfigureAwait(false);
            }
        }

        public async Task RestoredAsync(int master)
        {
            try
            {
                // The driver subscribes again by itself what it had subscribed; the rest is done now.
                await SubscribeAsync(master).ConfigureAwait(false);
            }
            catch (Exception e) when (e is CoordinationException or RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
            {
                RedisLog.ResubscribeUnconfirmed(hints._backend.Logger, name.ToString(), e);
            }
        }

        public void Missed() => missed();

        public ValueTask DisposeAsync()
        {
            lock (_gate)
            {
                if (_isDisposed)
                {
                    return default;
                }

                _isDisposed = true;
            }

            hints._channels.TryRemove(this, out _);
            foreach (var master in hints._backend.Masters)
            {
                master.Unsubscribe(name, Hear);
            }

            return default;
        }

        private void Hear(RedisChannel from, RedisValue message)
        {
            if (!_isDisposed)
            {
                heard(from, message);
            }
        }

        private Task SubscribeAsync(int master)
        {
            lock (_gate)
            {
                if (_subscribing[master] is null or { IsFaulted: true } or { IsCanceled: true })
                {
                    _subscribing[master] = OneAsync(hints._backend.Masters[master]);
                }

                return _subscribing[master]!;
            }
        }

        private async Task OneAsync(IRedlockMaster master)
        {
            using var limit = new CancellationTokenSource(hints._backend.ConnectTimeout, hints._backend.Time);

            // A subscription that failed half-way may be in place: not twice.
            master.Unsubscribe(name, Hear);
            await master.SubscribeAsync(name, Hear, limit.Token).ConfigureAwait(false);
            if (_isDisposed)
            {
                master.Unsubscribe(name, Hear);
            }
        }
    }
}
