namespace Coordination;

/// <summary>How the leases of one lock, semaphore or election behave. What is <see langword="null"/> comes from the coordinator's options.</summary>
public sealed record LeaseOptions
{
    /// <summary>
    /// How long a lease outlives its holder: a crashed process's claims, held or waiting, are gone after this time at the latest.
    /// </summary>
    /// <value>
    /// From the backend's minimum (Redis: 100 milliseconds) to one day. <see langword="null"/>, the default, takes the
    /// coordinator's, which is 30 seconds unless set. Some backends round up.
    /// </value>
    public TimeSpan? Duration { get; init; }

    /// <summary>Whether leases are renewed until they are released (every third of the duration), or end after one duration.</summary>
    /// <value>
    /// The default is <see langword="true"/>. With <see langword="false"/> a lease ends one duration after it was acquired unless
    /// <see cref="ILease.RenewAsync"/> moves its end, and can be handed to another process with
    /// <see cref="IFencedLease.DetachAsync"/>; each such lease costs a session of its own at the server.
    /// </value>
    public bool AutoRenew { get; init; } = true;

    /// <summary>The time left to stop work between <see cref="ILease.Lost"/> and the earliest moment at which another can hold.</summary>
    /// <value>
    /// From zero to half of the duration (etcd and ZooKeeper: a quarter). <see langword="null"/>, the default, takes the coordinator's, which is 10 % of the
    /// duration unless set.
    /// </value>
    public TimeSpan? SafetyMargin { get; init; }

    /// <summary>The name of the holder, shown to those who inspect the resource.</summary>
    /// <value>
    /// At most 32,768 bytes of UTF-8. <see langword="null"/>, the default, takes the coordinator's, which is the machine's name and the process id
    /// unless set.
    /// </value>
    public string? Holder { get; init; }
}
