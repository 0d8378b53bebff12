using Coordination.Backends;
using Coordination.Leases;

namespace Coordination.InMemory;

/// <summary>
/// What a server of this library's model is: queues of claims, the rule that grants them, and sessions that keep them alive. Each method is one request.
/// </summary>
/// <remarks>Not thread-safe: the server calls it under its lock, after <see cref="ExpireDue"/>.</remarks>
internal sealed class InMemoryStore
{
    private readonly MonotonicClock _clock;
    private readonly HintQueue _hints;
    private readonly Dictionary<string, StoredQueue> _queues = [];
    private readonly Dictionary<long, StoredSession> _detached = [];
    private readonly SessionExpiry _expiry = new();
    private long _lastSession;
    private long _lastToken;

    public InMemoryStore(MonotonicClock clock, HintQueue hints)
    {
        _clock = clock;
        _hints = hints;
        Watches = new Watches(hints);

        // One counter serves all resources, so nothing has to be kept of a resource that nobody claims. It starts at the time in microseconds and not at
        // 1, because the server ends with its process: a database that remembers the last token would refuse all of the next run. Nothing else here
        // looks at the wall clock, and order within one server does not depend on it.
        _lastToken = (clock.TimeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>When the next session expires.</summary>
    public TimeSpan NextExpiry => _expiry.Next;

    public Watches Watches { get; }

    public UsedUpIds UsedUpIds { get; } = new();

    public int QueueCount => _queues.Count;

    public StoredSession Open(TimeSpan duration, InMemoryBackend connection)
    {
        var session = new StoredSession(++_lastSession, duration, connection);
        _expiry.Set(session, Now + duration);
        return session;
    }

    /// <summary>Moves what a detached session has to a new one, once.</summary>
    /// <returns><see langword="null"/> when the session has ended, was taken over already, or was never detached.</returns>
    public StoredSession? TakeOver(long number, TimeSpan duration, InMemoryBackend connection)
    {
        if (!_detached.TryGetValue(number, out var left))
        {
            return null;
        }

        var session = Open(duration, connection);
        foreach (var claim in left.Claims.Values)
        {
            claim.Session = session;
            session.Claims.Add(claim.Key, claim);
        }

        left.Claims.Clear();
        Close(left);
        return session;
    }

    public ClaimResult Claim(StoredSession session, in ClaimRequest request)
    {
        if (session.HasEnded)
        {
            return ClaimResult.SessionLost;
        }

        if (session.Claims.TryGetValue(request.Key, out var claim))
        {
            return claim.IsGranted ? ClaimResult.Granted(claim.Token) : ClaimResult.Waiting();
        }

        if (request.Intent == ClaimIntent.FindExisting || UsedUpIds.Contains(request.Key, Now) || session.UsedUp.Contains(request.Key))
        {
            return ClaimResult.Refused;
        }

        if (!_queues.TryGetValue(request.Key.Resource, out var queue))
        {
            _queues.Add(request.Key.Resource, queue = new StoredQueue(request.Key.Resource));
        }

        var isGranted = queue.WouldGrant(request.Mode, request.Limit);
        if (!isGranted && request.Intent == ClaimIntent.TryOnce)
        {
            // The caller goes away with this answer: a second copy of the request must not be granted later, with nobody there to release it.
            UseUpIfLate(request.Key, session);
            return ClaimResult.Refused;
        }

        claim = new StoredClaim(request, session, queue);
        queue.Enter(claim);
        session.Claims.Add(claim.Key, claim);
        if (!isGranted)
        {
            return ClaimResult.Waiting();
        }

        claim.Token = NextToken();
        Watches.Tell(queue.Resource);
        return ClaimResult.Granted(claim.Token);
    }

    public bool Release(StoredSession session, ClaimKey key)
    {
        if (session.HasEnded)
        {
            return false;
        }

        if (!session.Claims.Remove(key, out var claim))
        {
            // Perhaps its request has been overtaken by this one.
            UseUp(key, session);
            return false;
        }

        claim.Queue.Remove(claim);
        UseUpAfterRelease(claim);
        GrantNext(claim.Queue, claim.IsGranted);
        return true;
    }

    public bool SetValue(StoredSession session, ClaimKey key, string value)
    {
        if (!session.Claims.TryGetValue(key, out var claim) || !claim.IsGranted)
        {
            return false;
        }

        claim.Value = value;
        Watches.Tell(key.Resource);
        return true;
    }

    public RenewalResult Renew(StoredSession session, IReadOnlyList<ClaimKey> keys)
    {
        if (session.HasEnded)
        {
            return RenewalResult.SessionLost;
        }

        _expiry.Set(session, Now + session.Duration);
        List<ClaimRenewal>? exceptions = null;
        for (var i = 0; i < keys.Count; i++)
        {
            if (!session.Claims.TryGetValue(keys[i], out var claim))
            {
                (exceptions ??= []).Add(new ClaimRenewal(i, ClaimRenewalOutcome.Lost));
            }
            else if (claim.IsGranted && claim.HasWaited)
            {
                (exceptions ??= []).Add(new ClaimRenewal(i, ClaimRenewalOutcome.Granted, claim.Token));
            }
        }

        return RenewalResult.Renewed(session.Duration, exceptions);
    }

    public bool Detach(StoredSession session, ClaimKey key)
    {
        if (session.HasEnded || !session.Claims.TryGetValue(key, out var claim) || !claim.IsGranted)
        {
            return false;
        }

        _expiry.Set(session, Now + session.Duration);
        _detached[session.Number] = session;
        return true;
    }

    /// <summary>Ends a session because its client says so.</summary>
    public void End(StoredSession session)
    {
        if (!session.HasEnded)
        {
            EndAll([session], UseUpAfterRelease);
        }
    }

    public ResourceSnapshot Inspect(string resource, bool holdersOnly)
    {
        List<ClaimStatus> holders = [];
        List<ClaimStatus> waiters = [];
        var claim = _queues.TryGetValue(resource, out var queue) ? queue.First : null;
        for (; claim is not null && (claim.IsGranted || !holdersOnly); claim = claim.Behind)
        {
            (claim.IsGranted ? holders : waiters).Add(claim.ToStatus());
        }

        return new ResourceSnapshot(holders, waiters);
    }

    /// <summary>Ends the sessions whose time is up. Called before each request, so that none sees what the timer has not come to yet.</summary>
    public void ExpireDue()
    {
        UsedUpIds.DropDue(Now);
        if (Now >= _expiry.Next)
        {
            Expire(_expiry.DueAt(Now));
        }
    }

    /// <summary>Ends sessions that did not ask for it, and tells them.</summary>
    public void Expire(List<StoredSession> sessions)
    {
        EndAll(sessions, claim => UseUp(claim.Key, claim.Session));
        foreach (var session in sessions)
        {
            _hints.Add(session.Client, new Hint(HintKind.SessionLost));
        }
    }

    /// <summary>The living sessions that a test wants expired.</summary>
    public List<StoredSession> SessionsWhere(Func<StoredSession, bool> predicate) => [.. _expiry.Sessions.Where(predicate)];

    /// <summary>Removes a claim that nobody released, and tells its session.</summary>
    /// <returns><see langword="false"/> when it was not there.</returns>
    public bool RemoveByForce(string resource, string claimId)
    {
        if (!_queues.TryGetValue(resource, out var queue) || queue.Find(claimId) is not { } claim)
        {
            return false;
        }

        claim.Session.Claims.Remove(claim.Key);
        queue.Remove(claim);
        UseUp(claim.Key, claim.Session);
        _hints.Add(claim.Session.Client, new Hint(HintKind.ClaimLost, claimId));
        GrantNext(queue, claim.IsGranted);
        return true;
    }

    /// <summary>Ends several sessions as one: all their claims are out before any other is granted, so that none goes from the dead to the dying.</summary>
    private void EndAll(List<StoredSession> sessions, Action<StoredClaim> useUp)
    {
        foreach (var session in sessions)
        {
            Close(session);
            foreach (var claim in session.Claims.Values)
            {
                claim.Queue.Remove(claim);
                useUp(claim);
            }
        }

        foreach (var session in sessions)
        {
            foreach (var claim in session.Claims.Values)
            {
                GrantNext(claim.Queue, claim.IsGranted);
            }

            session.Claims.Clear();
        }
    }

    private void Close(StoredSession session)
    {
        session.HasEnded = true;
        _expiry.Remove(session);
        _detached.Remove(session.Number);
    }

    /// <summary>After a removal: grants what the rule now allows, from the head, and drops the queue when nothing is left of it.</summary>
    private void GrantNext(StoredQueue queue, bool holdersChanged)
    {
        var rule = new GrantRule();
        for (var claim = queue.First; claim is not null && rule.TryGrant(claim.Mode, claim.Limit); claim = claim.Behind)
        {
            if (!claim.IsGranted)
            {
                claim.Token = NextToken();
                claim.HasWaited = true;
                holdersChanged = true;
                _hints.Add(claim.Session.Client, new Hint(HintKind.Granted, claim.Key.Id, claim.Token));
            }
        }

        if (queue.IsEmpty)
        {
            _queues.Remove(queue.Resource);
        }

        if (holdersChanged)
        {
            Watches.Tell(queue.Resource);
        }
    }

    private TimeSpan Now => _clock.Now;

    private FencingToken NextToken() => new(++_lastToken);

    private void UseUp(ClaimKey key, StoredSession session)
    {
        UsedUpIds.Add(key, Now + session.Duration);
        if (session.Connection.MayBeLate)
        {
            session.UsedUp.Add(key);
        }
    }

    /// <summary>
    /// The usual release, of a granted claim over a connection that never delayed or repeated anything, costs no tombstone: there is no late copy.
    /// </summary>
    private void UseUpAfterRelease(StoredClaim claim)
    {
        if (claim.IsGranted)
        {
            UseUpIfLate(claim.Key, claim.Session);
        }
        else
        {
            UseUp(claim.Key, claim.Session);
        }
    }

    private void UseUpIfLate(ClaimKey key, StoredSession session)
    {
        if (session.Connection.MayBeLate)
        {
            UseUp(key, session);
        }
    }
}
