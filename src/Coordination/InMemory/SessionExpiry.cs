namespace Coordination.InMemory;

/// <summary>The living sessions in the order of their expiry.</summary>
internal sealed class SessionExpiry
{
    private readonly SortedSet<StoredSession> _sessions = new(Comparer<StoredSession>.Create(static (a, b) =>
        a.ExpiresAt != b.ExpiresAt ? a.ExpiresAt.CompareTo(b.ExpiresAt) : a.Number.CompareTo(b.Number)));

    /// <summary>When the first of them expires, on the server's clock; <see cref="TimeSpan.MaxValue"/> when there is none.</summary>
    public TimeSpan Next { get; private set; } = TimeSpan.MaxValue;

    public IEnumerable<StoredSession> Sessions => _sessions;

    /// <summary>Adds a session, or moves it.</summary>
    public void Set(StoredSession session, TimeSpan expiresAt)
    {
        _sessions.Remove(session);
        session.ExpiresAt = expiresAt;
        _sessions.Add(session);
        Refresh();
    }

    public void Remove(StoredSession session)
    {
        _sessions.Remove(session);
        Refresh();
    }

    /// <summary>Those whose time is up. They stay until they are removed.</summary>
    public List<StoredSession> DueAt(TimeSpan now) => [.. _sessions.TakeWhile(session => session.ExpiresAt <= now)];

    private void Refresh() => Next = _sessions.Min?.ExpiresAt ?? TimeSpan.MaxValue;
}
