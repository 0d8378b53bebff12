using Coordination.Torture.Checking;

namespace Coordination.Torture.Real;

/// <summary>How long things take on a backend, and what it promises.</summary>
internal sealed record TargetTimes(WorkloadSettings Workload, Promises Promises)
{
    /// <summary>What a loaded machine of two cores, with a dozen processes and their proxies, is given before a call counts as late.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(4);

    public static TargetTimes Of(string backend) => backend switch
    {
        "redlock" => Create(TimeSpan.FromSeconds(2), TimeSpan.Zero, fair: false),
        "etcd" => Create(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1), fair: true), // the shortest lease with etcd's own timing is 2 s
        "zookeeper" => Create(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), fair: true),
        _ => Create(TimeSpan.FromSeconds(2), TimeSpan.Zero, fair: true),
    };

    private static TargetTimes Create(TimeSpan duration, TimeSpan granularity, bool fair) => new(
        new WorkloadSettings
        {
            LeaseDuration = duration,
            OperationTimeout = TimeSpan.FromSeconds(3),
            LongestHold = duration / 8,
            LongestPause = duration / 6,
            Look = TimeSpan.FromMilliseconds(20),
        },
        new Promises
        {
            Duration = duration,
            IsFair = fair,
            OrdersReaders = fair,
            InspectsExactly = fair, // Redlock's inspection adds up what masters say at different moments
            Slack = Slack,
            DrainLimit = (duration * 2) + granularity + TimeSpan.FromSeconds(12),
        });
}
