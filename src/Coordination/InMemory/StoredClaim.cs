using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>One claim in the queue of its resource.</summary>
internal sealed class StoredClaim(ClaimRequest request, StoredSession session, StoredQueue queue)
{
    public ClaimKey Key { get; } = request.Key;

    public ClaimMode Mode { get; } = request.Mode;

    public int Limit { get; } = request.Limit;

    public string Value { get; set; } = request.Value;

    /// <summary>What keeps it alive; another once it was taken over.</summary>
    public StoredSession Session { get; set; } = session;

    public StoredQueue Queue { get; } = queue;

    /// <summary>The token of the grant; zero, which is never granted, while the claim waits.</summary>
    public FencingToken Token { get; set; }

    public bool IsGranted => Token.Value != 0;

    /// <summary>Whether it was granted after the reply to its request had said "waiting": a renewal says so again, should the hint have been lost.</summary>
    public bool HasWaited { get; set; }

    /// <summary>Its neighbours, kept by the queue.</summary>
    public StoredClaim? Ahead { get; set; }

    /// <inheritdoc cref="Ahead"/>
    public StoredClaim? Behind { get; set; }

    public ClaimStatus ToStatus() => new(Key.Id, Mode, Value, IsGranted ? Token : null);
}
