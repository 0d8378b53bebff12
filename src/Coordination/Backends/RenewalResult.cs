namespace Coordination.Backends;

/// <summary>What a renewal did to a claim.</summary>
public enum ClaimRenewalOutcome
{
    /// <summary>Not answered for this claim: its deadline stays.</summary>
    Unconfirmed,

    /// <summary>Renewed, and granted, which the engine may not have heard of yet.</summary>
    Granted,

    /// <summary>It is not at the store.</summary>
    Lost,
}

/// <summary>A claim that was not just renewed as it was.</summary>
/// <param name="Index">Its place in the list that was passed to <see cref="IBackendSession.RenewAsync"/>.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Token">The token, when it is granted.</param>
public readonly record struct ClaimRenewal(int Index, ClaimRenewalOutcome Outcome, FencingToken Token = default);

/// <summary>The answer to a renewal: all claims renewed, but for the exceptions; or the session is lost.</summary>
public sealed class RenewalResult
{
    private RenewalResult(bool isSessionLost, TimeSpan remaining, IReadOnlyList<ClaimRenewal> exceptions)
    {
        IsSessionLost = isSessionLost;
        Remaining = remaining;
        Exceptions = exceptions;
    }

    /// <summary>The session has ended at the store, and its claims with it.</summary>
    public static RenewalResult SessionLost { get; } = new(true, TimeSpan.Zero, []);

    /// <summary>Whether the session has ended at the store.</summary>
    public bool IsSessionLost { get; }

    /// <summary>
    /// How long the store keeps the session and the renewed claims from the moment at which it answered, if they are not renewed again. The engine counts it from before the request was sent, or, for
    /// <see cref="RenewalEvidence.PreviousRequest"/>, from before the one before it.
    /// </summary>
    public TimeSpan Remaining { get; }

    /// <summary>The claims that were not just renewed as they were, in any order. To name a granted claim that the engine knows to be granted is harmless.</summary>
    public IReadOnlyList<ClaimRenewal> Exceptions { get; }

    /// <summary>Renewed.</summary>
    /// <param name="remaining">See <see cref="Remaining"/>.</param>
    /// <param name="exceptions">See <see cref="Exceptions"/>.</param>
    /// <returns>The result.</returns>
    public static RenewalResult Renewed(TimeSpan remaining, IReadOnlyList<ClaimRenewal>? exceptions = null) =>
        new(false, remaining, exceptions ?? []);
}
