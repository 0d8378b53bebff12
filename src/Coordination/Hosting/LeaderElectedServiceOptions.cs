namespace Coordination.Hosting;

/// <summary>How a leader-elected service stands for election, and what happens when it throws.</summary>
public sealed class LeaderElectedServiceOptions
{
    /// <summary>The leases' options: their duration is how long a crashed leader's successor waits at most.</summary>
    /// <value><see langword="null"/>, the default, takes the coordinator's. <see cref="LeaseOptions.AutoRenew"/> must be <see langword="true"/>.</value>
    public LeaseOptions? Lease { get; set; }

    /// <summary>What others see of this process when it leads, such as its address.</summary>
    /// <value>At most 32,768 bytes of UTF-8. <see langword="null"/>, the default, takes the holder's name of the options.</value>
    public string? Candidate { get; set; }

    /// <summary>What happens when the service throws.</summary>
    /// <value>The default is <see cref="LeaderElectedServiceExceptionBehavior.CampaignAgain"/>.</value>
    public LeaderElectedServiceExceptionBehavior ExceptionBehavior { get; set; }

    /// <summary>
    /// How long this process stands back after its service threw, or after it could not stand for election. It doubles with each failure in a row, up to
    /// <see cref="MaxBackoff"/>, but to 10 seconds at most while the backend is out of reach; a term that lasts longer than <see cref="MaxBackoff"/> ends the row.
    /// </summary>
    /// <value>From 1 millisecond to one day. The default is 1 second.</value>
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest back-off.</summary>
    /// <value>From <see cref="MinBackoff"/> to one day. The default is 1 minute.</value>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>What happens when a leader-elected service throws. In each case it is logged, and the leadership is resigned, so that another process can lead.</summary>
public enum LeaderElectedServiceExceptionBehavior
{
    /// <summary>This process stands back for a while, and then stands for election again with a new instance.</summary>
    CampaignAgain,

    /// <summary>
    /// As when any <c>BackgroundService</c> of the host throws: <c>HostOptions.BackgroundServiceExceptionBehavior</c> decides, and stops the host unless set. Faults of
    /// the backend that will not pass, such as a missing permission, are treated so too.
    /// </summary>
    FollowHost,
}
