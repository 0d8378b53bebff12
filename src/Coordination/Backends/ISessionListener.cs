namespace Coordination.Backends;

/// <summary>Takes a session's hints. Implemented by the engine.</summary>
/// <remarks>
/// <para>
/// Hints make things quick, not right: one may come early (before the reply of the claim that it grants), late, twice or never. The
/// engine checks deadlines before it believes a grant, ignores hints for claims that it no longer has, and learns of what it missed by the next renewal.
/// </para>
/// <para>All members return at once, do not throw, and may be called by any thread, also while the backend holds its locks.</para>
/// </remarks>
public interface ISessionListener
{
    /// <summary>The store has granted a claim that was waiting.</summary>
    /// <param name="claimId">The claim.</param>
    /// <param name="token">The token of the grant.</param>
    void OnGranted(string claimId, FencingToken token);

    /// <summary>Something changed that may concern a claim: the engine asks again how it stands.</summary>
    /// <param name="claimId">The claim, or <see langword="null"/> for all that wait, such as after a broken connection or a lost subscription.</param>
    void OnChanged(string? claimId);

    /// <summary>The claim is no longer at the store, though nobody released it here.</summary>
    /// <param name="claimId">The claim.</param>
    void OnClaimLost(string claimId);

    /// <summary>The session has ended at the store, and its claims with it.</summary>
    void OnSessionLost();

    /// <summary><see cref="ICoordinationBackend.MaintainAsync"/> has something to do.</summary>
    void OnMaintenanceDue();
}
