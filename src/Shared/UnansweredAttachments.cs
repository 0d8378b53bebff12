namespace Coordination.Backends;

/// <summary>
/// What attachments whose outcome is not known may have written at the store, by ticket: the next attempt has to know it for its own. It is kept for as long as the lease can live without being
/// renewed, since a ticket that nobody tries again would stay for good.
/// </summary>
/// <typeparam name="T">What they may have written.</typeparam>
/// <param name="time">The clock.</param>
internal sealed class UnansweredAttachments<T>(TimeProvider time)
    where T : class
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

    /// <summary>What is kept for a ticket, or <see langword="null"/>.</summary>
    /// <param name="ticket">The ticket.</param>
    public T? Find(string ticket)
    {
        lock (_gate)
        {
            return _tickets.GetValueOrDefault(ticket)?.Written;
        }
    }

    /// <summary>An attempt begins, or is over: what was kept is kept no more. An attempt beside it is another's.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <returns>What was kept, or <see langword="null"/>.</returns>
    public T? Take(string ticket)
    {
        lock (_gate)
        {
            return _tickets.Remove(ticket, out var known) ? known.Written : null;
        }
    }

    /// <summary>An attempt ended without an answer.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="merge">What is to be kept, given what is kept already, if anything.</param>
    /// <param name="duration">How long the lease lives.</param>
    public void Keep(string ticket, Func<T?, T> merge, TimeSpan duration)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            foreach (var (old, unanswered) in _tickets)
            {
                // Twice: the request was applied when it came and not when it was sent, clocks differ, and the election of a leader gives all leases their full time once more.
                if (time.GetElapsedTime(unanswered.Since, now) > unanswered.Duration * 2)
                {
                    _tickets.Remove(old);
                }
            }

            _tickets[ticket] = new Unanswered(merge(_tickets.GetValueOrDefault(ticket)?.Written), now, duration);
        }
    }

    private sealed record Unanswered(T Written, long Since, TimeSpan Duration);
}
