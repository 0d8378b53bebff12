using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>
/// The state of a server and what the operations do to it: sessions, and a queue of claims per resource. Single-threaded; the server locks.
/// What listeners are to be told is handed to <paramref name="tell"/>, in order.
/// </summary>
internal sealed class InMemoryStore(Action<InMemoryBackend, Action> tell)
{
    private readonly Dictionary<string, StoredQueue> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredClaim> _claims = new(StringComparer.Ordinal);
    private readonly HashSet<StoredSession> _sessions = [];
    private readonly Dictionary<string, List<InMemoryWatch>> _watches = new(StringComparer.Ordinal);
    private readonly UsedUpIds _usedUp = new();
    private long _lastToken;

    /// <summary>When the first session ends if none is renewed. May be early, never late.</summary>
    public TimeSpan NextExpiry { get; private set; } = TimeSpan.MaxValue;

    public StoredSession Open(InMemoryBackend connection, SessionRequest request, ISessionListener listener, TimeSpan now)
    {
        var session = new StoredSession(connection, listener, request.Duration);
        if (request.Ticket is { } ticket)
        {
            TakeOver(ticket, session);
        }

        _sessions.Add(session);
        Renew(session, now);
        return session;
    }

    public ClaimResult Claim(StoredSession session, ClaimRequest request, TimeSpan now)
    {
        if (!session.IsAlive)
        {
            return ClaimResult.SessionLost;
        }

        if (_claims.TryGetValue(request.Key.Id, out var claim))
        {
            return claim.Session != session ? ClaimResult.Refused
                : claim.Token is { } token ? ClaimResult.Granted(token)
                : ClaimResult.Waiting();
        }

        if (request.Intent == ClaimIntent.FindExisting || _usedUp.Contains(request.Key.Id, now))
        {
            return ClaimResult.Refused;
        }

        claim = new StoredClaim(session, request);
        var queue = QueueOf(request.Key.Resource);
        queue.Add(claim);
        queue.Promote(NextToken, granted: static _ => { });
        if (claim.Token is { } granted)
        {
            Keep(claim);
            Changed(claim.Key.Resource);
            return ClaimResult.Granted(granted);
        }

        if (request.Intent == ClaimIntent.TryOnce)
        {
            queue.Remove(claim);
            return ClaimResult.Refused;
        }

        Keep(claim);
        return ClaimResult.Waiting();
    }

    public bool Release(StoredSession session, ClaimKey key, TimeSpan now)
    {
        if (!_claims.TryGetValue(key.Id, out var claim) || claim.Session != session)
        {
            // A request of it may still be under way.
            _usedUp.Add(key.Id, now, session.Duration);
            return false;
        }

        if (claim.Token is null)
        {
            _usedUp.Add(key.Id, now, session.Duration);
        }

        Remove(claim);
        return true;
    }

    public bool SetValue(StoredSession session, ClaimKey key, string value)
    {
        if (!_claims.TryGetValue(key.Id, out var claim) || claim.Session != session || claim.Token is null)
        {
            return false;
        }

        claim.Value = value;
        Changed(key.Resource);
        return true;
    }

    public RenewalResult Renew(StoredSession session, IReadOnlyList<ClaimKey> claims, TimeSpan now)
    {
        if (!session.IsAlive)
        {
            return RenewalResult.SessionLost;
        }

        Renew(session, now);
        List<ClaimRenewal>? exceptions = null;
        for (var i = 0; i < claims.Count; i++)
        {
            if (!_claims.TryGetValue(claims[i].Id, out var claim) || claim.Session != session)
            {
                (exceptions ??= []).Add(new ClaimRenewal(i, ClaimRenewalOutcome.Lost));
            }
            else if (claim.Token is { } token)
            {
                (exceptions ??= []).Add(new ClaimRenewal(i, ClaimRenewalOutcome.Granted, token));
            }
        }

        return RenewalResult.Renewed(session.Duration, exceptions);
    }

    public bool Detach(StoredSession session, ClaimKey key, TimeSpan now)
    {
        if (!session.IsAlive || !_claims.TryGetValue(key.Id, out var claim) || claim.Session != session || claim.Token is null)
        {
            return false;
        }

        Renew(session, now);
        session.IsDetached = true;
        return true;
    }

    /// <summary>Ends a session and frees what it held.</summary>
    public void End(StoredSession session, TimeSpan now, bool isTold)
    {
        if (!session.IsAlive)
        {
            return;
        }

        session.IsAlive = false;
        _sessions.Remove(session);
        foreach (var claim in session.Claims.ToArray())
        {
            _usedUp.Add(claim.Key.Id, now, session.Duration);
            Remove(claim);
        }

        if (isTold)
        {
            tell(session.Connection, session.Listener.OnSessionLost);
        }
    }

    public void ExpireDue(TimeSpan now)
    {
        if (now < NextExpiry)
        {
            return;
        }

        foreach (var session in _sessions.Where(session => session.ExpiresAt <= now).OrderBy(static session => session.ExpiresAt).ToArray())
        {
            End(session, now, isTold: true);
        }

        NextExpiry = _sessions.Count == 0 ? TimeSpan.MaxValue : _sessions.Min(static session => session.ExpiresAt);
    }

    public void Expire(Func<StoredSession, bool> which, TimeSpan now)
    {
        foreach (var session in _sessions.Where(which).ToArray())
        {
            End(session, now, isTold: true);
        }
    }

    /// <summary>Removes a claim as an operator would, who deletes it by hand.</summary>
    public bool RemoveByForce(string resource, string claimId, TimeSpan now)
    {
        if (!_claims.TryGetValue(claimId, out var claim) || claim.Key.Resource != resource)
        {
            return false;
        }

        _usedUp.Add(claimId, now, claim.Session.Duration);
        Remove(claim);
        tell(claim.Session.Connection, () => claim.Session.Listener.OnClaimLost(claimId));
        return true;
    }

    public ResourceSnapshot Inspect(string resource, bool holdersOnly) =>
        _queues.TryGetValue(resource, out var queue) ? queue.Snapshot(holdersOnly) : new ResourceSnapshot([], []);

    public void Watch(InMemoryWatch watch)
    {
        if (!_watches.TryGetValue(watch.Resource, out var watches))
        {
            _watches[watch.Resource] = watches = [];
        }

        watches.Add(watch);
    }

    public void Unwatch(InMemoryWatch watch)
    {
        if (_watches.TryGetValue(watch.Resource, out var watches) && watches.Remove(watch) && watches.Count == 0)
        {
            _watches.Remove(watch.Resource);
        }
    }

    /// <summary>A connection is back: whatever it was not told meanwhile, it must look for itself.</summary>
    public void Reconnected(InMemoryBackend connection)
    {
        foreach (var session in _sessions.Where(session => session.Connection == connection))
        {
            tell(connection, () => session.Listener.OnChanged(null));
        }

        foreach (var watch in _watches.Values.SelectMany(static watches => watches).Where(watch => watch.Connection == connection))
        {
            tell(connection, watch.Changed);
        }
    }

    private void TakeOver(string ticket, StoredSession heir)
    {
        if (!InMemoryTicket.IsOne(ticket))
        {
            throw new ArgumentException("This is not a ticket of the in-memory backend.", nameof(ticket));
        }

        var session = _sessions.FirstOrDefault(session => session.Ticket == ticket);
        if (session is not { IsDetached: true })
        {
            throw new LeaseLostException("The detached session has ended, or was taken over already (in-memory).");
        }

        session.IsAlive = false;
        _sessions.Remove(session);
        foreach (var claim in session.Claims)
        {
            claim.Session = heir;
            heir.Claims.Add(claim);
        }

        session.Claims.Clear();
    }

    private void Renew(StoredSession session, TimeSpan now)
    {
        session.ExpiresAt = now + session.Duration;
        NextExpiry = session.ExpiresAt < NextExpiry ? session.ExpiresAt : NextExpiry;
    }

    private void Keep(StoredClaim claim)
    {
        _claims.Add(claim.Key.Id, claim);
        claim.Session.Claims.Add(claim);
    }

    private void Remove(StoredClaim claim)
    {
        var resource = claim.Key.Resource;
        _claims.Remove(claim.Key.Id);
        claim.Session.Claims.Remove(claim);
        var queue = _queues[resource];
        queue.Remove(claim);
        if (queue.IsEmpty)
        {
            _queues.Remove(resource);
        }
        else
        {
            queue.Promote(NextToken, TellGranted);
        }

        if (claim.Token is not null)
        {
            Changed(resource);
        }
    }

    private void TellGranted(StoredClaim claim)
    {
        var (listener, id, token) = (claim.Session.Listener, claim.Key.Id, claim.Token!.Value);
        tell(claim.Session.Connection, () => listener.OnGranted(id, token));
    }

    private void Changed(string resource)
    {
        if (_watches.TryGetValue(resource, out var watches))
        {
            foreach (var watch in watches)
            {
                tell(watch.Connection, watch.Changed);
            }
        }
    }

    private StoredQueue QueueOf(string resource)
    {
        if (!_queues.TryGetValue(resource, out var queue))
        {
            _queues[resource] = queue = new StoredQueue();
        }

        return queue;
    }

    /// <summary>One counter for all resources: it never goes back, and nothing has to be kept of a resource that nobody claims.</summary>
    private FencingToken NextToken() => new(++_lastToken);
}
