namespace Coordination.Backends;

/// <summary>A resource's queue at one moment.</summary>
/// <param name="Holders">The granted claims, in the order of their grants.</param>
/// <param name="Waiters">The others, in the order in which they will be served; empty when only holders were asked for.</param>
public sealed record ResourceSnapshot(IReadOnlyList<ClaimStatus> Holders, IReadOnlyList<ClaimStatus> Waiters)
{
    /// <summary>When nothing will announce a change that time alone brings (a holder's expiry): how long after the answer to inspect again.</summary>
    public TimeSpan? RecheckAfter { get; init; }
}
