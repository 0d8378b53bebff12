namespace Coordination.Backends;

/// <summary>Names a claim.</summary>
/// <param name="Resource">The resource, as given by the user: 1 to 512 bytes of UTF-8 without control characters.</param>
/// <param name="Id">Made by the engine, unique for all time: 22 characters from <c>A–Z a–z 0–9 - _</c>.</param>
public readonly record struct ClaimKey(string Resource, string Id);

/// <summary>What is asked when a claim is sent.</summary>
public enum ClaimIntent
{
    /// <summary>Enter the queue if the claim is not there yet, and say how it stands.</summary>
    Queue,

    /// <summary>Enter only if it is granted at once; otherwise leave nothing behind.</summary>
    TryOnce,

    /// <summary>Say how it stands; never enter. Also how a claim of a taken-over session is found.</summary>
    FindExisting,
}

/// <summary>A claim, and what is asked of it.</summary>
/// <param name="Key">The claim's name.</param>
/// <param name="Mode">How it shares the resource.</param>
/// <param name="Limit">For <see cref="ClaimMode.Counted"/> the number of permits, at least 1; otherwise 1.</param>
/// <param name="Value">What an inspection shows; for elections what the candidate proclaims. At most 32,768 bytes of UTF-8.</param>
public readonly record struct ClaimRequest(ClaimKey Key, ClaimMode Mode, int Limit, string Value)
{
    /// <summary>What is asked.</summary>
    public ClaimIntent Intent { get; init; }

    /// <summary>
    /// Whether those who watch the resource are told when this claim is granted, changes its value or ends. Set for elections; where telling costs
    /// nothing it may be ignored and all claims announced.
    /// </summary>
    public bool Announce { get; init; }
}
