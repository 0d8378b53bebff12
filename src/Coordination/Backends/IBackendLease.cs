namespace Coordination.Backends;

/// <summary>
/// The backend's side of a lease. Every lease of the engine implements it, so that a backend's guards (writes that are conditional on the
/// lease) can find the claim at the store.
/// </summary>
public interface IBackendLease
{
    /// <summary>The claim that is held.</summary>
    ClaimKey Claim { get; }

    /// <summary>The token of its grant.</summary>
    FencingToken Token { get; }

    /// <summary>The session that keeps it alive.</summary>
    IBackendSession Session { get; }
}
