namespace Coordination.Redis;

/// <summary>
/// What attachments whose outcome is not known may have written as their taker's id, by ticket: the next attempt must be known for the same one's. It is kept for as long as the lease can live without being renewed: a
/// ticket that nobody tries again would stay for good.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RedlockAttachments(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Unanswered> _tickets = new(StringComparer.Ordinal);

    /// <summary>How many tickets are kept.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _tickets.Count;
            }
        }
    }

    /// <summary>An attempt begins. One beside it is another's.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <returns>The taker of the attempt before, if that ended without an answer.</returns>
    public string? Begin(string ticket)
    {
        lock (_gate)
        {
            return _tickets.Remove(ticket, out var known) ? known.Taker : null;
        }
    }

    /// <summary>An attempt ended without an answer.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="taker">Its taker.</param>
    /// <param name="duration">How long the lease lives.</param>
    public void Keep(string ticket, string taker, TimeSpan duration)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            foreach (var (old, unanswered) in _tickets)
            {
                // Twice: the masters' clocks may be slower than this one, and the lease was renewed when the request came, not when it was sent.
                if (time.GetElapsedTime(unanswered.Since, now) > unanswered.Duration * 2)
                {
                    _tickets.Remove(old);
                }
            }

            _tickets[ticket] = new Unanswered(taker, now, duration);
        }
    }

    private sealed record Unanswered(string Taker, long Since, TimeSpan Duration);
}
