using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>A claim in the store.</summary>
internal sealed class StoredClaim(StoredSession session, ClaimRequest request)
{
    public ClaimKey Key { get; } = request.Key;

    public ClaimMode Mode { get; } = request.Mode;

    public int Limit { get; } = request.Limit;

    public string Value { get; set; } = request.Value;

    /// <summary>Changes hands only when a detached session is taken over.</summary>
    public StoredSession Session { get; set; } = session;

    /// <summary>The token of its grant; <see langword="null"/> while it waits.</summary>
    public FencingToken? Token { get; set; }

    public ClaimStatus Status => new(Key.Id, Mode, Value, Token);
}

/// <summary>A session in the store: alive until its expiry, and with it its claims.</summary>
internal sealed class StoredSession(InMemoryBackend connection, ISessionListener listener, TimeSpan duration)
{
    public string Ticket { get; } = InMemoryTicket.New();

    public InMemoryBackend Connection { get; } = connection;

    public ISessionListener Listener { get; } = listener;

    public TimeSpan Duration { get; } = duration;

    public TimeSpan ExpiresAt { get; set; }

    public bool IsAlive { get; set; } = true;

    /// <summary>Left by its owner for exactly one other to take over.</summary>
    public bool IsDetached { get; set; }

    public HashSet<StoredClaim> Claims { get; } = [];
}

internal static class InMemoryTicket
{
    private const string Prefix = "memory-";

    public static string New() => Prefix + Guid.NewGuid().ToString("N");

    public static bool IsOne(string ticket) =>
        ticket.StartsWith(Prefix, StringComparison.Ordinal) && Guid.TryParseExact(ticket.AsSpan(Prefix.Length), "N", out _);
}
