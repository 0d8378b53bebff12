namespace Coordination.InMemory;

/// <summary>
/// Ids of claims that expired or were given up, kept for one duration: a late copy of the request must not make the claim anew.
/// </summary>
internal sealed class UsedUpIds
{
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, TimeSpan Until)> _order = new();

    public void Add(string id, TimeSpan now, TimeSpan duration)
    {
        if (_ids.Add(id))
        {
            _order.Enqueue((id, now + duration));
        }
    }

    public bool Contains(string id, TimeSpan now)
    {
        // An id behind a longer-lived one stays a little longer than it must.
        while (_order.TryPeek(out var first) && first.Until <= now)
        {
            _ids.Remove(_order.Dequeue().Id);
        }

        return _ids.Contains(id);
    }
}
