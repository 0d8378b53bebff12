using Coordination.Backends;
using Coordination.Leases;

namespace Coordination.InMemory;

/// <summary>
/// A coordination server inside the process: for applications under development, for tests, and as the plainest statement of what every
/// backend does. Coordinators meet in it through the connections that <see cref="CreateBackend"/> makes.
/// </summary>
/// <remarks>
/// It keeps time by the given <see cref="TimeProvider"/> alone; with a fake one, tests decide when sessions expire. The members below
/// <see cref="CreateBackend"/>, and <see cref="InMemoryBackend"/>'s, let tests play a bad server and a bad network.
/// </remarks>
public sealed class InMemoryServer
{
    private readonly Lock _gate = new();
    private readonly InMemoryStore _store;
    private readonly HintQueue _hints = new();
    private readonly MonotonicClock _clock;
    private readonly DeadlineTimer _timer;
    private readonly long[] _requests = new long[Enum.GetValues<InMemoryOperation>().Length];
    private TaskCompletionSource? _thaw;

    /// <summary>Starts a server.</summary>
    /// <param name="timeProvider">Its clock; <see langword="null"/> for the system's.</param>
    public InMemoryServer(TimeProvider? timeProvider = null)
    {
        _clock = new MonotonicClock(timeProvider ?? TimeProvider.System);
        _store = new InMemoryStore(_hints.Add);
        _timer = new DeadlineTimer(_clock, ExpireDue);
    }

    /// <summary>Whether it is frozen: see <see cref="Freeze"/>.</summary>
    public bool IsFrozen => Volatile.Read(ref _thaw) is not null;

    /// <summary>Makes a connection, for one <see cref="Coordinator"/>.</summary>
    /// <returns>The connection.</returns>
    public InMemoryBackend CreateBackend() => new(this);

    /// <summary>How often an operation was applied, by all connections, since the start.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>The number of requests; copies count.</returns>
    public long CountOf(InMemoryOperation operation) => Interlocked.Read(ref _requests[(int)operation]);

    /// <summary>Stops the server as SIGSTOP would: nothing is answered, nothing expires, nobody is told anything.</summary>
    public void Freeze()
    {
        lock (_gate)
        {
            _thaw ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _hints.Hold(true);
        }
    }

    /// <summary>Lets a frozen server go on: requests that waited are applied, and sessions whose time is up expire.</summary>
    public void Thaw()
    {
        TaskCompletionSource? thaw;
        lock (_gate)
        {
            thaw = _thaw;
            _thaw = null;
            _hints.Hold(false);
        }

        ExpireDue();
        thaw?.TrySetResult();
        _hints.Deliver();
    }

    /// <summary>Ends every session, as a server does that has lost its data.</summary>
    public void ExpireSessions() => Expire(static _ => true);

    /// <summary>Ends the sessions of one connection.</summary>
    /// <param name="connection">The connection.</param>
    public void ExpireSessions(InMemoryBackend connection) => Expire(session => session.Connection == connection);

    /// <summary>Ends the session that keeps a claim alive.</summary>
    /// <param name="claimId">The claim, as <see cref="ICoordinator.InspectAsync"/> shows it.</param>
    public void ExpireSessionOf(string claimId) => Expire(session => session.Claims.Any(claim => claim.Key.Id == claimId));

    /// <summary>Removes a claim, as an operator does who deletes it by hand.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="claimId">The claim, as <see cref="ICoordinator.InspectAsync"/> shows it.</param>
    /// <returns><see langword="false"/> when it was not there.</returns>
    public bool RemoveClaim(string resource, string claimId)
    {
        bool wasThere;
        lock (_gate)
        {
            wasThere = _store.RemoveByForce(resource, claimId, _clock.Now);
        }

        _hints.Deliver();
        return wasThere;
    }

    internal Task Thawed => Volatile.Read(ref _thaw)?.Task ?? Task.CompletedTask;

    /// <summary>Applies one request.</summary>
    internal TResult Apply<TState, TResult>(
        InMemoryOperation operation, TState state, Func<InMemoryStore, TimeSpan, TState, TResult> operate)
    {
        Interlocked.Increment(ref _requests[(int)operation]);
        TResult result;
        TimeSpan nextExpiry;
        lock (_gate)
        {
            var now = _clock.Now;
            _store.ExpireDue(now);
            result = operate(_store, now, state);
            nextExpiry = _store.NextExpiry;
        }

        _timer.At(nextExpiry);
        _hints.Deliver();
        return result;
    }

    internal void Unwatch(InMemoryWatch watch)
    {
        lock (_gate)
        {
            _store.Unwatch(watch);
        }
    }

    internal void Reconnected(InMemoryBackend connection)
    {
        lock (_gate)
        {
            _store.Reconnected(connection);
        }

        _hints.Deliver();
    }

    private void Expire(Func<StoredSession, bool> which)
    {
        lock (_gate)
        {
            _store.Expire(which, _clock.Now);
        }

        _hints.Deliver();
    }

    private void ExpireDue()
    {
        TimeSpan nextExpiry;
        lock (_gate)
        {
            if (_thaw is not null)
            {
                return;
            }

            _store.ExpireDue(_clock.Now);
            nextExpiry = _store.NextExpiry;
        }

        _timer.At(nextExpiry);
        _hints.Deliver();
    }
}
