using Coordination.Leases;

namespace Coordination.InMemory;

/// <summary>
/// A coordination server inside the process: for applications under development, for tests, and as the plainest statement of what every
/// backend does. Coordinators meet in it through the connections that <see cref="CreateBackend"/> makes.
/// </summary>
/// <remarks>
/// <para>
/// It keeps time by the given <see cref="TimeProvider"/> alone; with a fake one, tests decide when sessions expire, and what advancing the clock
/// brings has happened at the server when the advancing call returns. The members below <see cref="CreateBackend"/> let tests play a bad server, those of
/// <see cref="InMemoryBackend"/> a bad network. All may be called by many threads at once.
/// </para>
/// <para>
/// Everything ends with the process. Only fencing tokens go on growing in its next run, unless the clock was set back in between: they begin at the time in
/// microseconds, so that a database that remembers the last token can stay.
/// </para>
/// </remarks>
public sealed class InMemoryServer
{
    private readonly Lock _gate = new();
    private readonly InMemoryStore _store;
    private readonly HintQueue _hints;
    private readonly DeadlineTimer _timer;
    private readonly List<WeakReference<InMemoryBackend>> _connections = [];
    private readonly long[] _requests = new long[Enum.GetValues<InMemoryOperation>().Length];

    /// <summary>Requests that wait for the thaw, in the order of their arrival; <see langword="null"/> while the server runs.</summary>
    private Queue<Action>? _frozen;

    /// <summary>Starts a server.</summary>
    /// <param name="timeProvider">Its clock; <see langword="null"/> for the system's.</param>
    public InMemoryServer(TimeProvider? timeProvider = null)
    {
        var clock = new MonotonicClock(timeProvider ?? TimeProvider.System);
        _hints = new HintQueue(_gate);
        _store = new InMemoryStore(clock, _hints);
        _timer = new DeadlineTimer(clock, ExpireDue);
    }

    /// <summary>Whether it is frozen: see <see cref="Freeze"/>.</summary>
    public bool IsFrozen
    {
        get
        {
            lock (_gate)
            {
                return _frozen is not null;
            }
        }
    }

    internal Guid Id { get; } = Guid.NewGuid();

    /// <summary>Makes a connection, for one <see cref="Coordinator"/>.</summary>
    /// <returns>The connection. What it leaves at the server outlives it by the duration of its sessions.</returns>
    public InMemoryBackend CreateBackend()
    {
        var connection = new InMemoryBackend(this);
        lock (_gate)
        {
            _connections.RemoveAll(static other => !other.TryGetTarget(out _));
            _connections.Add(new WeakReference<InMemoryBackend>(connection));
        }

        return connection;
    }

    /// <summary>How often an operation was applied, by all connections, since the start.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>The number of requests. Copies count; what was lost on the way, or waits for a thaw, does not.</returns>
    public long CountOf(InMemoryOperation operation)
    {
        lock (_gate)
        {
            return _requests[(int)operation];
        }
    }

    /// <summary>
    /// Stops the server as SIGSTOP would: nothing is answered, nothing expires, nobody is told anything, while the clock goes on. Requests that arrive wait.
    /// The other hooks act at once, but what they would tell waits too.
    /// </summary>
    public void Freeze()
    {
        lock (_gate)
        {
            _frozen ??= new Queue<Action>();
            _hints.IsHeldBack = true;
        }
    }

    /// <summary>
    /// Lets a frozen server go on. Sessions whose time is up expire; then the requests that waited are applied in the order of their arrival, those of
    /// callers who have given up too. A renewal that waited too long so finds its session gone. All of it has happened when this returns.
    /// </summary>
    public void Thaw()
    {
        var waiting = Unfreeze();
        ExpireDue();
        foreach (var arrive in waiting)
        {
            arrive();
        }
    }

    /// <summary>
    /// Plays a restart with all data kept: calls under way fail with a transient fault, those that a frozen server let wait are never applied, and
    /// all connections break and are made again at once. Sessions, queues and tokens are as they were. A frozen server runs again; a connection that
    /// was cut stays cut.
    /// </summary>
    public void Restart()
    {
        Unfreeze();
        ExpireDue();
        foreach (var connection in Connections())
        {
            connection.Break();
        }
    }

    /// <summary>Ends every session, as a server does that has lost its data: its claims are gone, and those behind them are granted.</summary>
    public void ExpireSessions() => Expire(static _ => true);

    /// <summary>Ends the sessions of one connection.</summary>
    /// <param name="connection">The connection.</param>
    public void ExpireSessions(InMemoryBackend connection) => Expire(session => session.Connection == connection);

    /// <summary>Ends the session that keeps a claim alive, and with it the session's other claims.</summary>
    /// <param name="claimId">The claim, as <see cref="ICoordinator.InspectAsync"/> shows it. Nothing happens when it is not there.</param>
    public void ExpireSessionOf(string claimId) => Expire(session => session.Claims.Keys.Any(claim => claim.Id == claimId));

    /// <summary>Removes a claim, as an operator does who deletes it by hand. Its session lives on, and is told.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="claimId">The claim, as <see cref="ICoordinator.InspectAsync"/> shows it.</param>
    /// <returns><see langword="false"/> when it was not there.</returns>
    public bool RemoveClaim(string resource, string claimId)
    {
        bool wasThere;
        lock (_gate)
        {
            wasThere = _store.RemoveByForce(resource, claimId);
        }

        _hints.Deliver();
        return wasThere;
    }

    /// <summary>Applies a request, unless the server is frozen: then nothing is done now, and <paramref name="arriveAgain"/> is called at the thaw.</summary>
    /// <returns>Whether it was applied.</returns>
    internal bool TryApply<TState, TReply>(
        InMemoryOperation operation, TState state, Func<InMemoryStore, TState, TReply> apply, Action? arriveAgain, out TReply? reply)
    {
        TimeSpan nextExpiry;
        bool hasHints;
        lock (_gate)
        {
            if (_frozen is not null)
            {
                if (arriveAgain is not null)
                {
                    _frozen.Enqueue(arriveAgain);
                }

                reply = default;
                return false;
            }

            _requests[(int)operation]++;
            _store.ExpireDue();
            reply = apply(_store, state);
            nextExpiry = _store.NextExpiry;
            hasHints = !_hints.IsEmpty;
        }

        _timer.At(nextExpiry);
        if (hasHints)
        {
            _hints.Deliver();
        }

        return true;
    }

    /// <summary>From now on the session's hints go to this client.</summary>
    internal void Attach(InMemorySession client)
    {
        lock (_gate)
        {
            client.Stored.Client = client;
        }
    }

    internal void Unwatch(InMemoryWatch watch)
    {
        lock (_gate)
        {
            _store.Watches.Remove(watch);
        }
    }

    /// <summary>A connection is back: whatever its subscribers were not told meanwhile, they must look for themselves.</summary>
    internal void Reconnected(IReadOnlyList<Subscriber> subscribers)
    {
        lock (_gate)
        {
            foreach (var subscriber in subscribers)
            {
                _hints.Add(subscriber, new Hint(HintKind.Changed));
            }
        }

        _hints.Deliver();
    }

    private void Expire(Func<StoredSession, bool> which)
    {
        lock (_gate)
        {
            _store.Expire(_store.SessionsWhere(which));
        }

        _hints.Deliver();
    }

    private void ExpireDue()
    {
        TimeSpan nextExpiry;
        lock (_gate)
        {
            if (_frozen is not null)
            {
                return;
            }

            _store.ExpireDue();
            nextExpiry = _store.NextExpiry;
        }

        _timer.At(nextExpiry);
        _hints.Deliver();
    }

    private Queue<Action> Unfreeze()
    {
        lock (_gate)
        {
            var waiting = _frozen ?? new Queue<Action>();
            _frozen = null;
            _hints.IsHeldBack = false;
            return waiting;
        }
    }

    private List<InMemoryBackend> Connections()
    {
        lock (_gate)
        {
            return [.. _connections.Select(static c => c.TryGetTarget(out var connection) ? connection : null).OfType<InMemoryBackend>()];
        }
    }
}
