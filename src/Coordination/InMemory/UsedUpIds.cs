using Coordination.Backends;

namespace Coordination.InMemory;

/// <summary>
/// Tombstones: the claims that must not be made anew for one duration, because a late copy of their request may still be under way.
/// </summary>
internal sealed class UsedUpIds
{
    private readonly Dictionary<ClaimKey, TimeSpan> _until = [];
    private readonly Queue<ClaimKey> _inOrder = [];

    public int Count => _until.Count;

    public void Add(ClaimKey key, TimeSpan until)
    {
        if (_until.TryAdd(key, until))
        {
            _inOrder.Enqueue(key);
        }
        else if (_until[key] < until)
        {
            _until[key] = until;
        }
    }

    public bool Contains(ClaimKey key, TimeSpan now) => _until.TryGetValue(key, out var until) && now < until;

    /// <summary>
    /// Drops those whose time is up, from the oldest on. One of a long session keeps the younger ones of short sessions a little longer; they have no
    /// effect any more.
    /// </summary>
    public void DropDue(TimeSpan now)
    {
        while (_inOrder.TryPeek(out var oldest) && _until[oldest] <= now)
        {
            _until.Remove(oldest);
            _inOrder.Dequeue();
        }
    }
}
