using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>A session as the server knows it: what keeps its claims alive until <see cref="ExpiresAt"/>.</summary>
internal sealed class StoredSession(long number, TimeSpan duration, InMemoryBackend connection)
{
    public long Number { get; } = number;

    public TimeSpan Duration { get; } = duration;

    /// <summary>The connection that opened it, or took it over.</summary>
    public InMemoryBackend Connection { get; } = connection;

    /// <summary>Who takes its hints, once the opening's reply has arrived.</summary>
    public InMemorySession? Client { get; set; }

    /// <summary>On the server's clock.</summary>
    public TimeSpan ExpiresAt { get; set; }

    /// <summary>Its claims by name. Nobody finds a claim by another session, so nobody touches another's.</summary>
    public Dictionary<ClaimKey, StoredClaim> Claims { get; } = [];

    /// <summary>
    /// Claims that must not be made anew as long as it lives, where requests may be late: a copy that comes after the tombstones of one duration would otherwise
    /// make a claim that the session's renewals keep alive, and that nobody knows of.
    /// </summary>
    public HashSet<ClaimKey> UsedUp { get; } = [];

    /// <summary>Expired, ended, or taken over by another: whatever is asked of it is answered with "lost".</summary>
    public bool HasEnded { get; set; }
}
