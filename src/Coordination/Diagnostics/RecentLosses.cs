namespace Coordination.Diagnostics;

/// <summary>When the last leases were lost.</summary>
internal sealed class RecentLosses
{
    private const int MaxKept = 1000;
    private readonly Lock _lock = new();
    private readonly Queue<TimeSpan> _moments = new();

    public void Add(TimeSpan now)
    {
        lock (_lock)
        {
            _moments.Enqueue(now);
            if (_moments.Count > MaxKept)
            {
                _moments.Dequeue();
            }
        }
    }

    /// <summary>How many were lost since a moment; a thousand at most.</summary>
    public int CountSince(TimeSpan moment)
    {
        lock (_lock)
        {
            return _moments.Count(lost => lost >= moment);
        }
    }
}
