using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>
/// The claims on one resource in the order of their arrival. The granted ones are always its front.
/// </summary>
/// <remarks>Linked through the claims themselves: to enter and to leave cost the same however long the queue is, and allocate nothing.</remarks>
internal sealed class StoredQueue(string resource)
{
    public string Resource { get; } = resource;

    public StoredClaim? First { get; private set; }

    public StoredClaim? Last { get; private set; }

    public bool IsEmpty => First is null;

    /// <summary>Whether a claim that entered now would be granted at once.</summary>
    public bool WouldGrant(ClaimMode mode, int limit)
    {
        if (Last is { IsGranted: false })
        {
            return false;
        }

        var rule = new GrantRule();
        for (var claim = First; claim is not null; claim = claim.Behind)
        {
            rule.TryGrant(claim.Mode, claim.Limit);
        }

        return rule.TryGrant(mode, limit);
    }

    public void Enter(StoredClaim claim)
    {
        claim.Ahead = Last;
        if (Last is null)
        {
            First = claim;
        }
        else
        {
            Last.Behind = claim;
        }

        Last = claim;
    }

    /// <summary>Takes a claim out. Who may be granted now is for the caller to find out.</summary>
    public void Remove(StoredClaim claim)
    {
        if (claim.Ahead is null)
        {
            First = claim.Behind;
        }
        else
        {
            claim.Ahead.Behind = claim.Behind;
        }

        if (claim.Behind is null)
        {
            Last = claim.Ahead;
        }
        else
        {
            claim.Behind.Ahead = claim.Ahead;
        }
    }

    public StoredClaim? Find(string claimId)
    {
        var claim = First;
        while (claim is not null && claim.Key.Id != claimId)
        {
            claim = claim.Behind;
        }

        return claim;
    }
}
