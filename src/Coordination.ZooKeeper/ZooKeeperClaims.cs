using Coordination.Backends;

namespace Coordination.ZooKeeper;

/// <summary>
/// What a session knows of its claims, and which ids are used up: a claim that was released, refused or lost is not entered again by a request that comes late.
/// </summary>
internal sealed class ZooKeeperClaims
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ZooKeeperClaim> _claims = new(StringComparer.Ordinal);
    private HashSet<string> _usedUp = new(StringComparer.Ordinal);
    private HashSet<string> _usedUpBefore = new(StringComparer.Ordinal);
    private long _turnedAt = TimeProvider.System.GetTimestamp();

    /// <summary>Finds a claim or begins to enter it. Whoever begins it is called under the lock, so that others find the attempt.</summary>
    /// <param name="request">The claim.</param>
    /// <param name="queue">The path of its resource's node.</param>
    /// <param name="enter">Begins to enter it, and returns at once.</param>
    /// <param name="isNew">Whether it was begun by this call.</param>
    /// <returns>The claim; <see langword="null"/> when the id is used up.</returns>
    public ZooKeeperClaim? FindOrBegin(ClaimRequest request, string queue, Func<ZooKeeperClaim, Task<ClaimResult>> enter, out bool isNew)
    {
        lock (_gate)
        {
            isNew = false;
            if (IsUsedUp(request.Key.Id))
            {
                return null;
            }

            if (!_claims.TryGetValue(request.Key.Id, out var claim))
            {
                isNew = true;
                claim = new ZooKeeperClaim(request, queue);
                _claims.Add(request.Key.Id, claim);
                claim.Entering = enter(claim);
            }

            return claim;
        }
    }

    /// <summary>Begins to enter a claim again whose last attempt ended without an answer and left nothing.</summary>
    /// <returns><see langword="false"/> when it was released meanwhile, or another has begun it.</returns>
    public bool TryBeginAgain(ZooKeeperClaim claim, Task<ClaimResult> after, Func<ZooKeeperClaim, Task<ClaimResult>> enter)
    {
        lock (_gate)
        {
            if (!IsMine(claim) || claim.Entering != after)
            {
                return false;
            }

            claim.WasEnteredAgain = true;
            claim.Entering = enter(claim);
            return true;
        }
    }

    /// <summary>A claim was taken over from another process.</summary>
    public void Adopt(ZooKeeperClaim claim)
    {
        lock (_gate)
        {
            _claims.Add(claim.Key.Id, claim);
        }
    }

    /// <summary>Finds a claim.</summary>
    /// <returns><see langword="null"/> when it is none of this session, or was released.</returns>
    public ZooKeeperClaim? Find(string id)
    {
        lock (_gate)
        {
            return !IsUsedUp(id) && _claims.TryGetValue(id, out var claim) ? claim : null;
        }
    }

    /// <summary>The server has it. It is known from now on what to delete, also for a release that was begun meanwhile.</summary>
    public void Entered(ZooKeeperClaim claim, string node, long czxid)
    {
        lock (_gate)
        {
            claim.Node = node;
            claim.Czxid = czxid;
        }
    }

    /// <summary>It stands so.</summary>
    /// <returns><see langword="false"/> when it was released meanwhile.</returns>
    public bool Stands(ZooKeeperClaim claim, bool isGranted)
    {
        lock (_gate)
        {
            claim.IsGranted |= isGranted;
            claim.HasWaited |= !isGranted;
            return IsMine(claim);
        }
    }

    /// <summary>Uses an id up.</summary>
    /// <returns>The claim that was there.</returns>
    public ZooKeeperClaim? Release(string id)
    {
        lock (_gate)
        {
            _usedUp.Add(id);
            return _claims.GetValueOrDefault(id);
        }
    }

    /// <summary>The claim is not at the server any more.</summary>
    public void Gone(string id)
    {
        lock (_gate)
        {
            _usedUp.Add(id);
            _claims.Remove(id);
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

    private bool IsMine(ZooKeeperClaim claim) => !IsUsedUp(claim.Key.Id) && _claims.GetValueOrDefault(claim.Key.Id) == claim;

    private bool IsUsedUp(string id) => _usedUp.Contains(id) || _usedUpBefore.Contains(id);
}
