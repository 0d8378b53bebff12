using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>One connection to an <see cref="InMemoryServer"/>. What can go wrong with a connection, tests can make go wrong here.</summary>
public sealed class InMemoryBackend : ICoordinationBackend
{
    private readonly InMemoryServer _server;
    private volatile bool _isDisconnected;
    private volatile bool _isBreakSeen;
    private volatile bool _isDisposed;

    internal InMemoryBackend(InMemoryServer server) => _server = server;

    /// <inheritdoc/>
    public BackendDescription Description { get; } = new("in-memory") { MinDuration = TimeSpan.FromMilliseconds(10) };

    /// <summary>
    /// Decides what goes wrong with each request: asked before it is sent; <see langword="null"/> from it, as without it, means that nothing does.
    /// </summary>
    public Func<InMemoryRequest, InMemoryFault?>? OnRequest { get; set; }

    /// <summary>
    /// Decides what becomes of each hint that the server sends: asked with a delivery that can be made now, later, several times or never.
    /// <see langword="null"/>, the default, delivers at once.
    /// </summary>
    public Action<Action>? OnHint { get; set; }

    /// <summary>
    /// Cuts the connection: no request reaches the server, no reply and no hint comes back. The server goes on without it, and its sessions expire there.
    /// </summary>
    /// <param name="isBreakSeen">
    /// Whether requests fail at once with a transient <see cref="CoordinationException"/>, as with a connection that was reset, or hang until they are
    /// given up, as with one that is half open.
    /// </param>
    public void Disconnect(bool isBreakSeen = true)
    {
        _isBreakSeen = isBreakSeen;
        _isDisconnected = true;
    }

    /// <summary>Restores the connection. Its sessions are asked to look what they missed.</summary>
    public void Reconnect()
    {
        _isDisconnected = false;
        _server.Reconnected(this);
    }

    /// <inheritdoc/>
    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(listener);
        var session = await SendAsync(
            new InMemoryRequest(InMemoryOperation.OpenSession, string.Empty, string.Empty),
            (connection: this, request, listener),
            static (store, now, state) => store.Open(state.connection, state.request, state.listener, now),
            cancellationToken).ConfigureAwait(false);
        return new InMemorySession(this, session);
    }

    /// <inheritdoc/>
    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) => SendAsync(
        new InMemoryRequest(InMemoryOperation.Inspect, resource, string.Empty),
        (resource, holdersOnly),
        static (store, _, state) => store.Inspect(state.resource, state.holdersOnly),
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changed);
        return await SendAsync(
            new InMemoryRequest(InMemoryOperation.Watch, resource, string.Empty),
            new InMemoryWatch(_server, this, resource, changed),
            static (store, _, watch) =>
            {
                store.Watch(watch);
                return watch;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => ValueTask.FromResult<TimeSpan?>(null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return ValueTask.CompletedTask;
    }

    internal void Deliver(Action hint)
    {
        if (_isDisconnected || _isDisposed)
        {
            return;
        }

        if (OnHint is { } onHint)
        {
            onHint(hint);
        }
        else
        {
            hint();
        }
    }

    /// <summary>Sends a request: at once and without a detour when nothing is to go wrong.</summary>
    internal ValueTask<TResult> SendAsync<TState, TResult>(
        InMemoryRequest request, TState state, Func<InMemoryStore, TimeSpan, TState, TResult> operate, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        return OnRequest is null && !_isDisconnected && !_server.IsFrozen
            ? new ValueTask<TResult>(_server.Apply(request.Operation, state, operate))
            : new ValueTask<TResult>(
                TravelAsync(OnRequest?.Invoke(request), request, () => _server.Apply(request.Operation, state, operate)).WaitAsync(cancellationToken));
    }

    /// <summary>The way of a request to the server and of its reply back, whether or not the caller still waits for it.</summary>
    private async Task<TResult> TravelAsync<TResult>(InMemoryFault? fault, InMemoryRequest request, Func<TResult> apply)
    {
        if (_isDisconnected || fault is { IsRequestLost: true })
        {
            return await LostAsync<TResult>(fault, request).ConfigureAwait(false);
        }

        if (fault?.ApplyAfter is { } applyAfter)
        {
            await applyAfter.ConfigureAwait(false);
        }

        await _server.Thawed.ConfigureAwait(false);
        var result = apply();
        if (fault?.RepeatAfter is { } repeatAfter)
        {
            _ = RepeatAsync(repeatAfter, apply);
        }

        if (_isDisconnected || fault is { IsReplyLost: true })
        {
            return await LostAsync<TResult>(fault, request).ConfigureAwait(false);
        }

        if (fault?.ReplyAfter is { } replyAfter)
        {
            await replyAfter.ConfigureAwait(false);
        }

        return result;
    }

    private async Task RepeatAsync<TResult>(Task moment, Func<TResult> apply)
    {
        await moment.ConfigureAwait(false);
        await _server.Thawed.ConfigureAwait(false);
        apply();
    }

    private Task<TResult> LostAsync<TResult>(InMemoryFault? fault, InMemoryRequest request)
    {
        var isSeen = fault is { IsRequestLost: true } or { IsReplyLost: true } ? fault.IsBreakSeen : _isBreakSeen;
        return isSeen
            ? Task.FromException<TResult>(new CoordinationException(
                $"The connection to the in-memory server broke during '{request.Operation}' for '{request.Resource}'. Try again.", isTransient: true))
            : new TaskCompletionSource<TResult>().Task;
    }
}
