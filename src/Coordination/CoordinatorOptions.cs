namespace Coordination;

/// <summary>The settings of a <see cref="Coordinator"/>. A lock's own <see cref="LeaseOptions"/> go before them.</summary>
public sealed class CoordinatorOptions
{
    /// <summary>How long a lease outlives its holder when its lock does not say otherwise.</summary>
    /// <value>
    /// From the backend's minimum (Redis: 100 milliseconds) to one day. The default is 30 seconds. Leases are renewed every third of it. A
    /// shorter one frees a crashed holder's resources sooner, and tolerates shorter outages and pauses.
    /// </value>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The time left to stop work between <see cref="ILease.Lost"/> and the earliest moment at which another can hold.</summary>
    /// <value>From zero to half of the lease duration (etcd and ZooKeeper: a quarter). <see langword="null"/>, the default, is 10 % of the lease duration.</value>
    public TimeSpan? SafetyMargin { get; set; }

    /// <summary>How long one request to the backend may take, and so how long a call lasts when the backend is not there.</summary>
    /// <value>From 10 milliseconds to one hour. The default is 5 seconds.</value>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The name of this process, shown to those who inspect a resource, and the value of a candidate that names none.</summary>
    /// <value>At most 32,768 bytes of UTF-8. The default is the machine's name and the process id, such as <c>web-1/4242</c>.</value>
    public string Holder { get; set; } = $"{Environment.MachineName}/{Environment.ProcessId}";

    /// <summary>Whether metrics have the resource's name as a tag, <c>coordination.resource</c>.</summary>
    /// <value>
    /// The default is <see langword="false"/>: each name makes a time series of its own in the collector. Set it where names are few and known, as for a handful of elections.
    /// </value>
    public bool TagMetricsWithResource { get; set; }

    /// <summary>What the coordinator keeps, so that a later change by the caller does not change it half-way.</summary>
    internal CoordinatorOptions Copy() => (CoordinatorOptions)MemberwiseClone();
}
