namespace Coordination.Etcd;

/// <summary>
/// The leases that attachments whose outcome is unknown may have given to a claim, by ticket. They are kept for as long as such a lease can keep the claim: a ticket that nobody tries again would stay for good.
/// </summary>
internal sealed class EtcdAttachments
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

    /// <summary>An attachment ended without an answer.</summary>
    /// <param name="ticket">Its ticket.</param>
    /// <param name="lease">The lease that it may have given to the claim.</param>
    /// <param name="duration">For how long that was granted.</param>
    public void Add(string ticket, long lease, TimeSpan duration)
    {
        var now = TimeProvider.System.GetTimestamp();
        lock (_gate)
        {
            foreach (var (old, unanswered) in _tickets)
            {
                // Twice: the election of a leader gives all leases their full time once more.
                if (TimeProvider.System.GetElapsedTime(unanswered.Since, now) > unanswered.Duration * 2)
                {
                    _tickets.Remove(old);
                }
            }

            var leases = _tickets.TryGetValue(ticket, out var known) ? known.Leases : [];
            _tickets[ticket] = new Unanswered([.. leases, lease], now, duration);
        }
    }

    /// <summary>Whether one of a ticket's attachments may have given the claim to a lease.</summary>
    public bool Contains(string ticket, long lease)
    {
        lock (_gate)
        {
            return _tickets.TryGetValue(ticket, out var known) && known.Leases.Contains(lease);
        }
    }

    /// <summary>The ticket is used, or worth nothing any more.</summary>
    public void Remove(string ticket)
    {
        lock (_gate)
        {
            _tickets.Remove(ticket);
        }
    }

    private sealed record Unanswered(long[] Leases, long Since, TimeSpan Duration);
}
