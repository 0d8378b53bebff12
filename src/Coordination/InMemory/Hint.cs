namespace Coordination.InMemory;

/// <summary>What a server tells without having been asked.</summary>
internal enum HintKind
{
    /// <summary>A claim that waited is granted.</summary>
    Granted,

    /// <summary>A claim was removed by force.</summary>
    ClaimLost,

    /// <summary>A session has expired.</summary>
    SessionLost,

    /// <summary>Look again: a watched resource has changed, or the connection was broken and is there again.</summary>
    Changed,
}

/// <summary>One hint: a value, so that a hand-over allocates none.</summary>
internal readonly record struct Hint(HintKind Kind, string? ClaimId = null, FencingToken Token = default);
