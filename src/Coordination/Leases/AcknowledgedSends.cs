namespace Coordination.Leases;

/// <summary>
/// The send times of a session's acknowledged renewals, for stores whose acknowledgement proves only an earlier request
/// (<see cref="Backends.RenewalEvidence.PreviousRequest"/>). One renewal is in flight, so nothing here is locked.
/// </summary>
/// <remarks>
/// For a later request to prove an earlier one it must come 0.3 durations after the send of that, which is a little less than between two regular ones, and 0.2 after its acknowledgement, which may be late. What was cut off from its
/// quorum, or stood still meanwhile, acknowledges both if they come at once.
/// </remarks>
internal sealed class AcknowledgedSends
{
    private const double SinceSend = 0.3;
    private const double SinceAcknowledgement = 0.2;
    private readonly Queue<(TimeSpan Send, TimeSpan Proving)> _sends = new();
    private TimeSpan _proved;
    private TimeSpan _newest;

    /// <summary>When a request must be sent, at the earliest, to prove more than is proved; <see langword="null"/> when there is nothing more.</summary>
    public TimeSpan? NextProof => _sends.TryPeek(out var next) ? next.Proving : null;

    /// <summary>The session's opening proves itself.</summary>
    public void Start(TimeSpan opened)
    {
        _proved = opened;
        _newest = opened;
    }

    /// <summary>Takes down an acknowledged request.</summary>
    /// <param name="send">When it was sent.</param>
    /// <param name="acknowledged">When the acknowledgement came.</param>
    /// <param name="duration">The session's.</param>
    /// <returns>The newest send time that it proves.</returns>
    public TimeSpan Add(TimeSpan send, TimeSpan acknowledged, TimeSpan duration)
    {
        while (_sends.TryPeek(out var next) && next.Proving <= send)
        {
            _proved = _sends.Dequeue().Send;
        }

        // Of many in quick succession a few are enough to remember.
        var spacing = SpacingOf(duration);
        if (send - _newest >= spacing / 8)
        {
            var sinceSend = send + spacing;
            var sinceAcknowledged = acknowledged + (duration * SinceAcknowledgement);
            _sends.Enqueue((send, sinceSend > sinceAcknowledged ? sinceSend : sinceAcknowledged));
            _newest = send;
        }

        return _proved;
    }

    /// <summary>How far apart the sends must be.</summary>
    /// <param name="duration">The session's.</param>
    public static TimeSpan SpacingOf(TimeSpan duration) => duration * SinceSend;
}
