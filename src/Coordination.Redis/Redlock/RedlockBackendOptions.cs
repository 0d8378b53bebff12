namespace Coordination.Redis;

/// <summary>How the Redlock backend connects, names its keys and counts its time.</summary>
public sealed class RedlockBackendOptions
{
    /// <summary>Where the masters are, each as StackExchange.Redis writes it: <c>redis1:6379</c>, <c>redis2:6380,password=secret,ssl=true</c>.</summary>
    /// <value>
    /// An odd number of independent masters, 3 or more, each named once. None by default. Not looked at when connections are given. What a configuration does not say is
    /// set as <see cref="RedisBackendOptions.Configuration"/> says.
    /// </value>
    public IList<string> Masters { get; } = [];

    /// <summary>What the names of keys and channels begin with, followed by <c>:redlock</c>. All clients of a set of masters use the same.</summary>
    /// <value>1 to 128 characters, without white space, control characters and braces. The default is <c>coordination</c>.</value>
    public string KeyPrefix { get; set; } = "coordination";

    /// <summary>The number of the database.</summary>
    /// <value>0 or more, or -1, the default, for the connection's own.</value>
    public int Database { get; set; } = -1;

    /// <summary>How long one master has for one answer. No operation waits for a master longer, and none waits for more than a majority.</summary>
    /// <value>From 10 milliseconds to 1 minute. The default is 1 second. For masters that are far away, several round trips.</value>
    public TimeSpan MasterTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest lease that may be asked for. A master that has lost its data is kept out for so long, and a new set is admitted when its youngest
    /// server has been up for so long: until then a lease may live that it has forgotten.
    /// </summary>
    /// <value>
    /// From 100 milliseconds to 1 day. The default is 1 minute. The masters remember the longest that any client has named, and go by that.
    /// </value>
    public TimeSpan LongestDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a master remembers the last fencing token of a resource that nobody uses, counted from that token's time.</summary>
    /// <value>From one minute to 365 days. The default is one hour. A remembered resource takes about half a kilobyte on each master.</value>
    public TimeSpan TokenRetention { get; set; } = TimeSpan.FromHours(1);
}
