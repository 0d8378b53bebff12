using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>
/// One connection to an <see cref="InMemoryServer"/>, for one coordinator. What can go wrong with a connection, tests can make go wrong here.
/// </summary>
/// <remarks>As long as nothing goes wrong, calls have completed when they return. Disposal sends nothing to the server, as when a process dies.</remarks>
public sealed class InMemoryBackend : ICoordinationBackend
{
    private readonly Lock _gate = new();
    private readonly HashSet<Subscriber> _subscribers = [];
    private readonly HashSet<Call> _calls = [];
    private volatile bool _isDisconnected;
    private volatile bool _isBreakSeen;
    private volatile bool _isDisposed;

    internal InMemoryBackend(InMemoryServer server) => Server = server;

    /// <inheritdoc/>
    public BackendDescription Description { get; } = new("in-memory") { MinDuration = TimeSpan.FromMilliseconds(10) };

    /// <summary>
    /// Decides what goes wrong with each request: asked before it is sent, by the thread that sends it; <see langword="null"/> from it, as
    /// without it, means that nothing does.
    /// </summary>
    public Func<InMemoryRequest, InMemoryFault?>? OnRequest { get; set; }

    /// <summary>
    /// Decides what becomes of each hint that the server sends: asked, outside the server's lock, with a delivery that can be made now, later, several
    /// times or never. <see langword="null"/>, the default, delivers at once and in order. To let the hint of a grant come before the reply of its
    /// claim, delay that reply: see <see cref="InMemoryFault.ReplyAfter"/>.
    /// </summary>
    public Action<Action>? OnHint { get; set; }

    internal InMemoryServer Server { get; }

    /// <summary>
    /// Whether a request of this connection may be late or come twice: not before something went wrong with one. The server then keeps tombstones for
    /// claims that need none otherwise.
    /// </summary>
    internal bool MayBeLate { get; private set; }

    /// <summary>
    /// Cuts the connection: no request reaches the server, no reply and no hint comes back, not even of calls under way; requests that were sent before
    /// still arrive. The server goes on without it, and its sessions expire there.
    /// </summary>
    /// <param name="isBreakSeen">
    /// Whether requests, those under way too, fail at once with a transient <see cref="CoordinationException"/>, as with a connection that was reset, or hang
    /// until they are given up, as with one that is half open.
    /// </param>
    public void Disconnect(bool isBreakSeen = true)
    {
        List<Call> calls;
        lock (_gate)
        {
            _isBreakSeen = isBreakSeen;
            _isDisconnected = true;
            calls = [.. _calls];
        }

        foreach (var call in calls)
        {
            call.Lose(isBreakSeen);
        }
    }

    /// <summary>Restores the connection. Its sessions and watches are told to look what they missed.</summary>
    public void Reconnect()
    {
        List<Subscriber> subscribers;
        lock (_gate)
        {
            _isDisconnected = false;
            subscribers = [.. _subscribers];
        }

        Server.Reconnected(subscribers);
    }

    /// <inheritdoc/>
    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(listener);
        SessionTicket? ticket = request.Ticket is null ? null
            : SessionTicket.TryParse(request.Ticket, out var parsed) && parsed.Server == Server.Id ? parsed
            : throw new ArgumentException("The ticket is not one of this in-memory server's.", nameof(request));

        var stored = await SendAsync(
            new InMemoryRequest(InMemoryOperation.OpenSession, string.Empty, string.Empty),
            (Connection: this, request.Duration, Ticket: ticket),
            static (store, open) => open.Ticket is { } ticket
                ? store.TakeOver(ticket.Session, open.Duration, open.Connection)
                : store.Open(open.Duration, open.Connection),
            cancellationToken).ConfigureAwait(false);
        if (stored is null)
        {
            throw new LeaseLostException("in-memory: the session of the ticket has ended, or was taken over already.");
        }

        // Only now: a session whose opening's reply was lost, or that a copy of the request has opened, is nobody's, and tells nobody of its end.
        var session = new InMemorySession(this, stored, listener);
        Subscribe(session);
        Server.Attach(session);
        return session;
    }

    /// <inheritdoc/>
    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) => SendAsync(
        new InMemoryRequest(InMemoryOperation.Inspect, resource, string.Empty),
        (resource, holdersOnly),
        static (store, state) => store.Inspect(state.resource, state.holdersOnly),
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changed);
        var watch = new InMemoryWatch(this, resource, changed);
        Subscribe(watch);
        try
        {
            await SendAsync(
                new InMemoryRequest(InMemoryOperation.Watch, resource, string.Empty),
                watch,
                static (store, watch) =>
                {
                    store.Watches.Add(watch);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            return watch;
        }
        catch
        {
            // Its request may still be under way: what is closed does not begin to watch.
            await watch.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => ValueTask.FromResult<TimeSpan?>(null);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        Disconnect();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends a request: at once and without a detour when nothing is to go wrong.</summary>
    internal ValueTask<TReply> SendAsync<TState, TReply>(
        InMemoryRequest request, TState state, Func<InMemoryStore, TState, TReply> apply, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TReply>(cancellationToken);
        }

        if (OnRequest is null && !_isDisconnected && Server.TryApply(request.Operation, state, apply, arriveAgain: null, out var reply))
        {
            return new ValueTask<TReply>(reply!);
        }

        MayBeLate = true;
        return TravelAsync(new Call<TState, TReply>(Server, request, OnRequest?.Invoke(request), state, apply), cancellationToken);
    }

    internal void Deliver(Subscriber to, Hint hint)
    {
        if (OnHint is { } onHint)
        {
            onHint(() => DeliverNow(to, hint));
        }
        else
        {
            DeliverNow(to, hint);
        }
    }

    /// <summary>The server goes and comes back.</summary>
    internal void Break()
    {
        if (!_isDisconnected)
        {
            Disconnect();
            Reconnect();
        }
    }

    internal void Unsubscribe(Subscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers.Remove(subscriber);
        }
    }

    private void Subscribe(Subscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers.Add(subscriber);
        }
    }

    private void DeliverNow(Subscriber to, Hint hint)
    {
        if (!_isDisconnected)
        {
            to.TryReceive(hint);
        }
    }

    /// <summary>Sends a request on its way and waits for the reply, as long as the caller does.</summary>
    private async ValueTask<TReply> TravelAsync<TState, TReply>(Call<TState, TReply> call, CancellationToken cancellationToken)
    {
        bool isDisconnected;
        lock (_gate)
        {
            isDisconnected = _isDisconnected;
            _calls.Add(call);
        }

        try
        {
            using var cancellation = cancellationToken.UnsafeRegister(static (call, token) => ((Call<TState, TReply>)call!).Cancel(token), call);
            if (isDisconnected)
            {
                call.Lose(_isBreakSeen);
            }
            else
            {
                call.Send();
            }

            return await call.Reply.ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _calls.Remove(call);
            }
        }
    }
}
