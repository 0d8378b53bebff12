namespace Coordination.Backends;

/// <summary>What the acknowledgement of a renewal proves.</summary>
public enum RenewalEvidence
{
    /// <summary>The session was renewed after this request was sent.</summary>
    ThisRequest,

    /// <summary>
    /// Only the request before it: an etcd leader that was deposed, or a ZooKeeper follower that was cut off, acknowledges what the
    /// quorum does not know of. The deadline then counts from the send time of a request that was sent at least 0.3 durations before it, and acknowledged at least 0.2:
    /// two in quick succession are acknowledged by the same that is cut off.
    /// </summary>
    PreviousRequest,
}

/// <summary>What a backend is called, promises and needs.</summary>
/// <param name="Name">For messages, logs and telemetry: <c>Redis</c>, <c>etcd</c>, <c>in-memory</c>.</param>
public sealed record BackendDescription(string Name)
{
    /// <summary>Whether claims are granted in the order in which they entered.</summary>
    public bool IsFair { get; init; } = true;

    /// <summary>Whether the tokens of readers among themselves are in grant order.</summary>
    public bool OrdersReaders { get; init; } = true;

    /// <summary>Whether claims of several modes and limits can stand in one queue. Otherwise a claim of another kind is refused with an error while any lives.</summary>
    public bool AllowsMixedClaims { get; init; } = true;

    /// <summary>The shortest session that can be asked for. The default is 100 milliseconds.</summary>
    public TimeSpan MinDuration { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest session that can be asked for, as far as it is known before a server is asked. More than 1 day, the default, is taken for 1 day.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromDays(1);

    /// <summary>What an acknowledged renewal proves.</summary>
    public RenewalEvidence Evidence { get; init; } = RenewalEvidence.ThisRequest;
}
