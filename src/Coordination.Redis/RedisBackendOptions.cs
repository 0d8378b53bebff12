namespace Coordination.Redis;

/// <summary>How the Redis backend connects and names its keys.</summary>
public sealed class RedisBackendOptions
{
    /// <summary>Where the server is, as StackExchange.Redis writes it: <c>localhost:6379</c>, <c>redis1:6380,password=secret,ssl=true</c>.</summary>
    /// <value>
    /// Not empty. The default is <c>localhost:6379</c>. Not looked at when an <see cref="StackExchange.Redis.IConnectionMultiplexer"/> is given.
    /// What it does not say is set so that faults are noticed soon: <c>connectTimeout=3000</c> (milliseconds), <c>connectRetry=1</c>,
    /// <c>keepAlive=5</c> (seconds), reconnecting every half second, and no queueing of commands while disconnected.
    /// </value>
    public string Configuration { get; set; } = "localhost:6379";

    /// <summary>What the names of keys and channels begin with. Applications that share a server and must not meet use different ones.</summary>
    /// <value>1 to 128 characters, without white space, control characters and braces. The default is <c>coordination</c>.</value>
    public string KeyPrefix { get; set; } = "coordination";

    /// <summary>The number of the database.</summary>
    /// <value>0 or more, or -1, the default, for the connection's own.</value>
    public int Database { get; set; } = -1;

    /// <summary>
    /// How long the server remembers the last fencing token of a resource that nobody uses, counted from that token's time. Tokens keep growing after
    /// that too, as they are at least the server's time in microseconds, unless the server's clock was set back by more than this.
    /// </summary>
    /// <value>From one minute to 365 days. The default is one hour. A remembered resource takes about half a kilobyte.</value>
    public TimeSpan TokenRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How many replicas must have a grant, and each renewal, before it counts (Redis's WAIT). A grant that too few confirmed is not handed out: the call fails with a transient error
    /// that says so, and the claim is released. A renewal that too few confirmed does not move a lease's deadline.
    /// </summary>
    /// <value>
    /// From 0 to 16. The default is 0: nothing waits for replicas. Above 0 the backend needs a connection of its own (a configuration, not an
    /// <see cref="StackExchange.Redis.IConnectionMultiplexer"/>), makes two, and a grant costs a round trip more and what the replicas take.
    /// </value>
    public int MinReplicaAcks { get; set; }

    /// <summary>How long the replicas may take for that.</summary>
    /// <value>From 10 milliseconds to 10 seconds; below a third of the leases' duration if they are to survive slow replicas. The default is one second.</value>
    public TimeSpan ReplicaAckTimeout { get; set; } = TimeSpan.FromSeconds(1);
}
