namespace Coordination;

/// <summary>Where a lease is in its life.</summary>
public enum LeaseState
{
    /// <summary>Held: no other can hold what it excludes.</summary>
    Held,

    /// <summary>Lost: holding can no longer be guaranteed. Final.</summary>
    Lost,

    /// <summary>Released, detached or resigned by its owner. Final.</summary>
    Released,
}

/// <summary>How a claim shares its resource with others.</summary>
public enum ClaimMode
{
    /// <summary>Alone: a lock, the writer's side of a reader-writer lock, a leadership.</summary>
    Exclusive,

    /// <summary>With other shared claims: the reader's side of a reader-writer lock.</summary>
    Shared,

    /// <summary>With other counted claims, up to the smallest limit among them: a semaphore's permit.</summary>
    Counted,
}
