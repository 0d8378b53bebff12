namespace Coordination.Backends;

/// <summary>
/// The rule of grants, as a walk along a queue from its head: which claims are granted, given those ahead.
/// </summary>
/// <remarks>
/// <para>
/// Exclusive: nothing ahead. Shared: nothing but shared ahead. Counted: nothing but counted ahead, and fewer of them than the <b>smallest</b>
/// limit among them and this one (by its own limit alone, a claim of limit 1 would be granted beside one of limit 3).
/// </para>
/// <para>
/// The granted claims are therefore always the front of the queue: stop at the first that is not granted.
/// </para>
/// <code>
/// var rule = new GrantRule();
/// foreach (var claim in queue)
/// {
///     if (!rule.TryGrant(claim.Mode, claim.Limit)) break;
///     // granted
/// }
/// </code>
/// </remarks>
public struct GrantRule
{
    private ClaimMode _mode;
    private int _smallestLimit;

    /// <summary>How many claims the walk has granted.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the next claim of the queue.</summary>
    /// <param name="mode">Its mode.</param>
    /// <param name="limit">Its limit; looked at only when it is counted.</param>
    /// <returns>Whether it is granted. Once <see langword="false"/>, nothing behind it is granted either, and the walk is over.</returns>
    public bool TryGrant(ClaimMode mode, int limit)
    {
        if (Count == 0)
        {
            _smallestLimit = mode == ClaimMode.Counted ? limit : int.MaxValue;
        }
        else
        {
            if (mode == ClaimMode.Exclusive || mode != _mode)
            {
                return false;
            }

            var smallest = mode == ClaimMode.Counted ? Math.Min(_smallestLimit, limit) : int.MaxValue;
            if (Count >= smallest)
            {
                return false;
            }

            _smallestLimit = smallest;
        }

        _mode = mode;
        Count++;
        return true;
    }
}
