using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper.Client;

/// <summary>
/// A session over one connection after another: one task connects, waits for the connection's end, and connects again, until the session or the client has ended. Requests
/// that come while there is no connection wait for one, in their order.
/// </summary>
internal sealed class ZooKeeperSession : IAsyncDisposable
{
    private readonly ZooKeeperClientOptions _options;
    private readonly ILogger _logger;
    private readonly ZooKeeperEndpoints _endpoints;
    private readonly ZooKeeperRounds _rounds;
    private readonly CancellationTokenSource _stop = new();

    // Guards what follows. Nothing of others is called under it.
    private readonly Lock _gate = new();
    private readonly List<ZooKeeperRequest> _waiting = [];
    private ZooKeeperState _state = ZooKeeperState.Connecting;
    private ZooKeeperConnection? _connection;
    private ZooKeeperConnectRequest _next;
    private TaskCompletionSource? _connected;
    private Exception? _lost;
    private long _disconnectedAt;
    private bool _isEnded;
    private bool _endsWithConnection;
    private Task? _running;

    /// <summary>Prepares a session. Nothing is sent.</summary>
    public ZooKeeperSession(ZooKeeperClientOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _endpoints = new ZooKeeperEndpoints(options.ConnectionString);
        Watches = new ZooKeeperWatches(_logger);
        _rounds = new ZooKeeperRounds(options, _endpoints, new ZooKeeperConnector(options, Chroot, Watches.Deliver), _logger);
        _next = options.SessionId is { } id
            ? new ZooKeeperConnectRequest(0, options.SessionTimeout, id, options.SessionPassword.ToArray())
            : new ZooKeeperConnectRequest(0, options.SessionTimeout, 0, ZooKeeperConnectRequest.NoPassword);
        NegotiatedTimeout = options.SessionTimeout;
    }

    /// <summary>Told of each state, one after the other.</summary>
    public event Action<ZooKeeperState>? StateChanged;

    public ZooKeeperChroot Chroot => _endpoints.Chroot;

    public ZooKeeperWatches Watches { get; }

    public ZooKeeperState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>The session's id and password; id 0 before there is one.</summary>
    public (long Id, byte[] Password) Identity
    {
        get
        {
            lock (_gate)
            {
                return (_next.SessionId, _next.Password);
            }
        }
    }

    public TimeSpan NegotiatedTimeout { get; private set; }

    /// <summary>What the last attempt to connect failed with, or why the session is lost.</summary>
    public Exception? LastError
    {
        get
        {
            lock (_gate)
            {
                return _lost ?? _rounds.LastError;
            }
        }
    }

    /// <summary>Begins to connect, if that was not done, and waits until there is a connection or all servers were tried once in vain.</summary>
    public Task ConnectAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_state == ZooKeeperState.Connected)
            {
                return Task.CompletedTask;
            }

            if (!_isEnded)
            {
                _running ??= Task.Run(RunAsync, CancellationToken.None);
            }

            if (Refusal() is { } refusal)
            {
                return Task.FromException(refusal);
            }

            _connected ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _connected.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Sends a request, now or when there is a connection.</summary>
    public void Send(ZooKeeperRequest request)
    {
        Exception? refusal;
        lock (_gate)
        {
            refusal = Refusal();
            if (refusal is null)
            {
                if (request.IsCompleted)
                {
                    request.Frame.Dispose();
                }
                else if (_connection is null || !_connection.TrySend(request))
                {
                    _waiting.Add(request);
                }

                return;
            }
        }

        request.Fail(refusal);
    }

    /// <summary>Sends a request only if there is a connection.</summary>
    /// <returns>Whether it was sent.</returns>
    public bool TrySend(ZooKeeperRequest request)
    {
        lock (_gate)
        {
            return _connection is { } connection && connection.TrySend(request);
        }
    }

    /// <summary>Drops a cancelled request, if it is not sent yet.</summary>
    public void Forget(ZooKeeperRequest request)
    {
        lock (_gate)
        {
            if (_waiting.Remove(request))
            {
                request.Frame.Dispose();
            }
        }
    }

    /// <summary>The server has confirmed the end of the session: that it hangs up now is no lost connection.</summary>
    public void ExpectEnd()
    {
        lock (_gate)
        {
            _isEnded = true;
        }
    }

    /// <summary>Somebody else goes on with the session: when they take its connection, it is not taken back.</summary>
    public void EndWithConnection()
    {
        lock (_gate)
        {
            _endsWithConnection = true;
        }
    }

    /// <summary>Ends everything here. The session goes on at the servers, unless it was closed.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_gate)
        {
            _isEnded = true;
            running = _running;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        if (running is not null)
        {
            await running.ConfigureAwait(false);
        }

        if (Leave(ZooKeeperState.Closed, new ObjectDisposedException(nameof(ZooKeeperClient))))
        {
            Tell(ZooKeeperState.Closed);
        }
    }

    private async Task RunAsync()
    {
        _disconnectedAt = _options.TimeProvider.GetTimestamp();
        try
        {
            while (true)
            {
                try
                {
                    var connection = await _rounds.ConnectAsync(_next, NegotiatedTimeout, RoundFailed, _stop.Token).ConfigureAwait(false);
                    Connected(connection);
                    var reason = await RunAsync(connection).ConfigureAwait(false);
                    if (!Disconnected(connection, reason))
                    {
                        return;
                    }
                }
                catch (ZooKeeperException exception)
                {
                    ZooKeeperClientLog.Lost(_logger, Identity.Id, exception.Message);
                    Leave(ZooKeeperState.Lost, exception);
                    foreach (var (path, _) in Watches.AllPersistent())
                    {
                        Watches.LookAgain(path);
                    }

                    Tell(ZooKeeperState.Lost);
                    if (!_options.ReconnectAfterLoss || exception.ErrorCode != ZooKeeperErrorCode.SessionExpired)
                    {
                        return;
                    }

                    BeginAnew();
                }
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // Stopped: whoever did that is told of nothing that failed just then.
        }
    }

    private async Task<Exception> RunAsync(ZooKeeperConnection connection)
    {
        using (_stop.Token.UnsafeRegister(static state => ((ZooKeeperConnection)state!).End(new ObjectDisposedException(nameof(ZooKeeperClient))), connection))
        {
            return await connection.RunAsync().ConfigureAwait(false);
        }
    }

    private void Connected(ZooKeeperConnection connection)
    {
        TaskCompletionSource? connected;
        lock (_gate)
        {
            var goesOn = _state == ZooKeeperState.Suspended;
            NegotiatedTimeout = connection.Session.Timeout;
            _next = _next with { SessionId = connection.Session.SessionId, Password = connection.Session.Password };
            _connection = connection;
            _state = ZooKeeperState.Connected;
            if (goesOn)
            {
                connection.TrySend(ProveSession());
            }

            // The watches first: a read that waited then sees what they may have missed.
            foreach (var (path, mode) in Watches.AllPersistent())
            {
                connection.TrySend(AddWatchAgain(path, mode));
            }

            foreach (var request in _waiting)
            {
                if (request.IsCompleted)
                {
                    request.Frame.Dispose();
                }
                else
                {
                    connection.TrySend(request);
                }
            }

            _waiting.Clear();
            (connected, _connected) = (_connected, null);
        }

        ZooKeeperClientLog.Connected(_logger, connection.Server, connection.Session.SessionId, connection.Session.Timeout);
        connected?.TrySetResult();
        Tell(ZooKeeperState.Connected);
    }

    // Whether to go on.
    private bool Disconnected(ZooKeeperConnection connection, Exception reason)
    {
        bool isEnded;
        lock (_gate)
        {
            _connection = null;
            _disconnectedAt = _options.TimeProvider.GetTimestamp();
            _next = _next with { LastZxid = Math.Max(_next.LastZxid, connection.LastZxid) };
            _isEnded |= _endsWithConnection;
            isEnded = _isEnded;
            if (!isEnded)
            {
                _state = ZooKeeperState.Suspended;
            }
        }

        _rounds.Ended(connection);
        connection.FailPending();
        if (!isEnded)
        {
            ZooKeeperClientLog.Disconnected(_logger, connection.Server, connection.Session.SessionId, reason.Message);
            Watches.EndOnce();
            Tell(ZooKeeperState.Suspended);
        }

        return !isEnded;
    }

    private void RoundFailed(ZooKeeperException reason)
    {
        TaskCompletionSource? connected;
        lock (_gate)
        {
            (connected, _connected) = (_connected, null);
        }

        connected?.TrySetException(reason);

        // Servers that have lost their data do not even take the question whether the session is there: they are behind what it has seen.
        if (_options.ReconnectAfterLoss && Identity.Id != 0 && _options.TimeProvider.GetElapsedTime(_disconnectedAt) > 2 * NegotiatedTimeout)
        {
            throw new ZooKeeperException(
                ZooKeeperErrorCode.SessionExpired, $"No server has taken the session 0x{Identity.Id:x} for two of its time-outs: a new one is opened. {reason.Message}", reason);
        }
    }

    // Into a state without requests; whether it was another before.
    private bool Leave(ZooKeeperState state, Exception reason)
    {
        ZooKeeperRequest[] waiting;
        TaskCompletionSource? connected;
        lock (_gate)
        {
            if (_state == state)
            {
                return false;
            }

            _state = state;
            _lost = reason;
            waiting = [.. _waiting];
            _waiting.Clear();
            (connected, _connected) = (_connected, null);
        }

        foreach (var request in waiting)
        {
            request.Fail(reason);
        }

        connected?.TrySetException(reason);
        return true;
    }

    private void BeginAnew()
    {
        lock (_gate)
        {
            _state = ZooKeeperState.Connecting;
            _lost = null;
            _next = _next with { LastZxid = 0, SessionId = 0, Password = ZooKeeperConnectRequest.NoPassword };
            NegotiatedTimeout = _options.SessionTimeout;
        }

        Tell(ZooKeeperState.Connecting);
    }

    // Why there is no sense in sending anything; null when there is.
    private Exception? Refusal() => _state switch
    {
        _ when _isEnded => new ObjectDisposedException(nameof(ZooKeeperClient)),
        ZooKeeperState.Lost => _lost,
        _ when _running is null => new InvalidOperationException($"Call {nameof(ZooKeeperClient)}.{nameof(ZooKeeperClient.ConnectAsync)} first."),
        _ => null,
    };

    /// <summary>
    /// A session that ends while a server takes it from another connection may be taken all the same: that server then keeps the connection, and drops what comes over it without a word. So it is asked something, once:
    /// if it says nothing the connection ends, as with any request, and the next one tells that the session is no more. Nobody would know before the next request otherwise.
    /// </summary>
    private ZooKeeperRequest<bool> ProveSession()
    {
        var request = new ZooKeeperRequest<bool>(ZooKeeperOpCode.Sync, "/", ZooKeeperRequests.ReadPath);
        request.Frame.WriteString(Chroot.ToServer("/"));
        return Unattended(request);
    }

    // Nobody waits for its reply.
    private static ZooKeeperRequest<bool> Unattended(ZooKeeperRequest<bool> request)
    {
        request.Frame.Complete();
        request.Task.ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return request;
    }

    private ZooKeeperRequest<bool> AddWatchAgain(string path, ZooKeeperWatchMode mode)
    {
        var request = new ZooKeeperRequest<bool>(ZooKeeperOpCode.AddWatch, path, ZooKeeperRequests.ReadNothing)
        {
            Replied = code =>
            {
                if (code == ZooKeeperErrorCode.Ok)
                {
                    Watches.LookAgain(path);
                }
                else
                {
                    // Who looked again would take the watch to be in place from then on.
                    ZooKeeperClientLog.WatchFailed(_logger, path, code);
                }
            },
        };
        ZooKeeperRequests.WriteAddWatch(request.Frame, Chroot.ToServer(path), mode);
        return Unattended(request);
    }

    private void Tell(ZooKeeperState state)
    {
        try
        {
            StateChanged?.Invoke(state);
        }
        catch (Exception exception)
        {
            ZooKeeperClientLog.CallbackFailed(_logger, "the state", exception);
        }
    }
}
