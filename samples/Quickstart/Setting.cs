using Coordination;

namespace Quickstart;

/// <summary>What all workers agree on.</summary>
internal static class Setting
{
    public const string Lock = "lock";
    public const string Semaphore = "semaphore";
    public const string Election = "election";
    public const int MaxPermits = 2;
    public static readonly string[] Resources = [Lock, Semaphore, Election];

    /// <summary>Short, so that the take-over after a crash is seen soon. Thirty seconds, the default, tolerate longer outages.</summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(5);

    /// <summary>What a take-over may last beyond the lease on a busy machine before the referee complains.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    public static CoordinatorOptions For(string holder) => new()
    {
        Holder = holder,
        LeaseDuration = LeaseDuration,
        SafetyMargin = TimeSpan.FromSeconds(1),
    };
}
