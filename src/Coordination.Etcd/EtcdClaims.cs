namespace Coordination.Etcd;

/// <summary>What a session knows of one of its claims. Under the lock of <see cref="EtcdClaims"/>.</summary>
internal sealed class EtcdClaim
{
    /// <summary>Requests under way that would enter it.</summary>
    public int UnderWay { get; set; }

    /// <summary>Whether such a request ended without an answer: it may come to the server yet.</summary>
    public bool MayComeLate { get; set; }

    /// <summary>When it was entered; its token. 0 when that is not known.</summary>
    public long CreateRevision { get; set; }

    /// <summary>Whether it was told to be granted.</summary>
    public bool IsGranted { get; set; }

    /// <summary>Whether it was told to be waiting once: renewals then tell of its grant.</summary>
    public bool HasWaited { get; set; }

    public ClaimMode Mode { get; set; }

    public int Limit { get; set; }
}

/// <summary>
/// What a session knows of its claims, and the epoch that guards against late requests: a request enters a claim only in the epoch in which it was sent, and the release of a claim that has requests without an
/// answer begins a new one.
/// </summary>
internal sealed class EtcdClaims
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EtcdClaim> _claims = new(StringComparer.Ordinal);
    private HashSet<string> _usedUp = new(StringComparer.Ordinal);
    private HashSet<string> _usedUpBefore = new(StringComparer.Ordinal);
    private long _turnedAt = TimeProvider.System.GetTimestamp();
    private long _epoch;

    /// <summary>Begins to enter a claim.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="mode">Its mode.</param>
    /// <param name="limit">Its limit.</param>
    /// <param name="epoch">The epoch to enter it in.</param>
    /// <returns><see langword="false"/> when the id is used up.</returns>
    public bool TryBegin(string id, ClaimMode mode, int limit, out long epoch)
    {
        lock (_gate)
        {
            epoch = _epoch;
            if (IsUsedUp(id))
            {
                return false;
            }

            var claim = Find(id);
            claim.Mode = mode;
            claim.Limit = limit;
            claim.UnderWay++;
            return true;
        }
    }

    /// <summary>Ends what <see cref="TryBegin"/> began.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="isAnswered">Whether the server has answered.</param>
    public void End(string id, bool isAnswered)
    {
        lock (_gate)
        {
            if (_claims.TryGetValue(id, out var claim))
            {
                claim.UnderWay--;
                claim.MayComeLate |= !isAnswered;
                if (claim is { UnderWay: 0, MayComeLate: false, CreateRevision: 0 })
                {
                    _claims.Remove(id);
                }
            }
        }
    }

    /// <summary>The server has it.</summary>
    /// <returns><see langword="false"/> when it was released meanwhile.</returns>
    public bool Stands(string id, long createRevision, bool isGranted, ClaimMode mode, int limit)
    {
        lock (_gate)
        {
            if (IsUsedUp(id))
            {
                return false;
            }

            var claim = Find(id);
            claim.CreateRevision = createRevision;
            claim.IsGranted |= isGranted;
            claim.HasWaited |= !isGranted;
            claim.Mode = mode;
            claim.Limit = limit;
            return true;
        }
    }

    /// <summary>It was granted.</summary>
    /// <returns><see langword="false"/> when it was released meanwhile.</returns>
    public bool TryGrant(string id)
    {
        lock (_gate)
        {
            if (!_claims.TryGetValue(id, out var claim))
            {
                return false;
            }

            claim.IsGranted = true;
            return true;
        }
    }

    /// <summary>How a claim stood last.</summary>
    public (long CreateRevision, bool IsGranted, bool HasWaited, ClaimMode Mode, int Limit)? Look(string id)
    {
        lock (_gate)
        {
            return _claims.TryGetValue(id, out var claim) && claim.CreateRevision > 0
                ? (claim.CreateRevision, claim.IsGranted, claim.HasWaited, claim.Mode, claim.Limit)
                : null;
        }
    }

    /// <summary>Uses an id up.</summary>
    /// <returns>Whether a request may be under way that would enter it.</returns>
    public bool Release(string id)
    {
        lock (_gate)
        {
            _usedUp.Add(id);
            return _claims.TryGetValue(id, out var claim) && (claim.UnderWay > 0 || claim.MayComeLate);
        }
    }

    /// <summary>The server has confirmed the release, or has lost the claim.</summary>
    public void Forget(string id)
    {
        lock (_gate)
        {
            _usedUp.Add(id);
            if (_claims.TryGetValue(id, out var claim) && claim.UnderWay == 0)
            {
                _claims.Remove(id);
            }
        }
    }

    /// <summary>The epoch now.</summary>
    /// <returns><see langword="false"/> when the id is used up.</returns>
    public bool TryRead(string id, out long epoch)
    {
        lock (_gate)
        {
            epoch = _epoch;
            return !IsUsedUp(id);
        }
    }

    /// <summary>What the server says of the epoch.</summary>
    public void SetEpoch(long epoch)
    {
        lock (_gate)
        {
            _epoch = Math.Max(_epoch, epoch);
        }
    }

    /// <summary>Drops the ids that were used up more than a duration ago.</summary>
    public void DropOld(TimeSpan duration)
    {
        lock (_gate)
        {
            if (TimeProvider.System.GetElapsedTime(_turnedAt) > duration)
            {
                _usedUpBefore = _usedUp;
                _usedUp = new HashSet<string>(StringComparer.Ordinal);
                _turnedAt = TimeProvider.System.GetTimestamp();
            }
        }
    }

    private bool IsUsedUp(string id) => _usedUp.Contains(id) || _usedUpBefore.Contains(id);

    private EtcdClaim Find(string id)
    {
        if (!_claims.TryGetValue(id, out var claim))
        {
            _claims.Add(id, claim = new EtcdClaim());
        }

        return claim;
    }
}
