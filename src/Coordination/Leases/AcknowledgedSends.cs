namespace Coordination.Leases;

/// <summary>
/// The send times of a session's acknowledged renewals, for stores whose acknowledgement proves only an earlier request
/// (<see cref="Backends.RenewalEvidence.PreviousRequest"/>). One renewal is in flight, so nothing here is locked.
/// </summary>
internal sealed class AcknowledgedSends
{
    private readonly Queue<TimeSpan> _sends = new();
    private TimeSpan _proved;
    private TimeSpan _newest;

    /// <summary>The session's opening proves itself.</summary>
    public void Start(TimeSpan opened)
    {
        _proved = opened;
        _newest = opened;
    }

    /// <summary>Takes down an acknowledged request.</summary>
    /// <returns>The newest send time that it proves: an acknowledged one, and at least the spacing older.</returns>
    public TimeSpan Add(TimeSpan send, TimeSpan spacing)
    {
        while (_sends.TryPeek(out var next) && next <= send - spacing)
        {
            _proved = _sends.Dequeue();
        }

        // Of many in quick succession a few are enough to remember.
        if (send - _newest >= spacing / 8)
        {
            _sends.Enqueue(send);
            _newest = send;
        }

        return _proved;
    }
}
