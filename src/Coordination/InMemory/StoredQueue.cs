using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>One resource: its claims in order of arrival. The granted ones are always the front.</summary>
internal sealed class StoredQueue
{
    private readonly List<StoredClaim> _claims = [];

    public bool IsEmpty => _claims.Count == 0;

    public void Add(StoredClaim claim) => _claims.Add(claim);

    public void Remove(StoredClaim claim) => _claims.Remove(claim);

    /// <summary>Grants whatever the rule allows now, front to back.</summary>
    public void Promote(Func<FencingToken> nextToken, Action<StoredClaim> granted)
    {
        var rule = new GrantRule();
        foreach (var claim in _claims)
        {
            if (!rule.TryGrant(claim.Mode, claim.Limit))
            {
                return;
            }

            if (claim.Token is null)
            {
                claim.Token = nextToken();
                granted(claim);
            }
        }
    }

    public ResourceSnapshot Snapshot(bool holdersOnly)
    {
        var holders = new List<ClaimStatus>();
        var waiters = new List<ClaimStatus>();
        foreach (var claim in _claims)
        {
            if (claim.Token is not null)
            {
                holders.Add(claim.Status);
            }
            else if (!holdersOnly)
            {
                waiters.Add(claim.Status);
            }
        }

        return new ResourceSnapshot(holders, waiters);
    }
}
