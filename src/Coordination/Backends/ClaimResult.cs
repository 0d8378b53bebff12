namespace Coordination.Backends;

/// <summary>How a claim stands.</summary>
public enum ClaimOutcome
{
    /// <summary>Not granted, and not in the queue: it was tried once, looked for in vain, or its id is used up.</summary>
    Refused,

    /// <summary>Granted.</summary>
    Granted,

    /// <summary>In the queue.</summary>
    Waiting,

    /// <summary>The session has ended at the store; nothing was entered.</summary>
    SessionLost,
}

/// <summary>The answer to a claim.</summary>
public readonly record struct ClaimResult
{
    private ClaimResult(ClaimOutcome outcome, FencingToken token, TimeSpan? recheckAfter, TimeSpan? remaining)
    {
        Outcome = outcome;
        Token = token;
        RecheckAfter = recheckAfter;
        Remaining = remaining;
    }

    /// <summary>Not granted, and not in the queue.</summary>
    public static ClaimResult Refused => default;

    /// <summary>The session has ended at the store.</summary>
    public static ClaimResult SessionLost => new(ClaimOutcome.SessionLost, default, null, null);

    /// <summary>How the claim stands.</summary>
    public ClaimOutcome Outcome { get; }

    /// <summary>The token of the grant.</summary>
    public FencingToken Token { get; }

    /// <summary>
    /// When nothing will announce a change that time alone brings (the expiry of those ahead): how long after the answer to ask again. The engine keeps the timer.
    /// </summary>
    public TimeSpan? RecheckAfter { get; }

    /// <summary>
    /// How long the store keeps the claim from the moment at which it answered, if it is not renewed; <see langword="null"/> when the claim lives as long as its session.
    /// </summary>
    public TimeSpan? Remaining { get; }

    /// <summary>Granted.</summary>
    /// <param name="token">The token of the grant.</param>
    /// <param name="remaining">See <see cref="Remaining"/>.</param>
    /// <returns>The result.</returns>
    public static ClaimResult Granted(FencingToken token, TimeSpan? remaining = null) =>
        new(ClaimOutcome.Granted, token, null, remaining);

    /// <summary>In the queue.</summary>
    /// <param name="recheckAfter">See <see cref="RecheckAfter"/>.</param>
    /// <param name="remaining">See <see cref="Remaining"/>.</param>
    /// <returns>The result.</returns>
    public static ClaimResult Waiting(TimeSpan? recheckAfter = null, TimeSpan? remaining = null) =>
        new(ClaimOutcome.Waiting, default, recheckAfter, remaining);
}
