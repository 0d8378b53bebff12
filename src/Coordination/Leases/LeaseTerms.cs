using System.Text;
using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>A lock's lease options, completed by the coordinator's and checked.</summary>
internal sealed class LeaseTerms
{
    /// <summary>A limit on values and holder names: well below what any store takes (ZooKeeper: 1 MB), and far above what is sensible.</summary>
    public const int MaxValueBytes = 32_768;

    private static readonly TimeSpan MaxDuration = TimeSpan.FromDays(1);
    private readonly TimeSpan? _safetyMargin;

    private LeaseTerms(TimeSpan duration, TimeSpan? safetyMargin, bool autoRenew, string holder)
    {
        Duration = duration;
        _safetyMargin = safetyMargin;
        AutoRenew = autoRenew;
        Holder = holder;
    }

    public TimeSpan Duration { get; }

    public bool AutoRenew { get; }

    public string Holder { get; }

    /// <summary>The margin for what the server granted, which may be longer than what was asked for.</summary>
    public TimeSpan MarginFor(TimeSpan granted) => _safetyMargin ?? granted / 10;

    /// <summary>The shortest session in which the margin leaves time to renew; zero where the margin is a part of what is granted.</summary>
    public TimeSpan ShortestFor(RenewalEvidence evidence) => _safetyMargin is { } margin ? margin * LargestMargin(evidence).Part : TimeSpan.Zero;

    /// <summary>The margin of a lease by its options, before a server has granted a duration.</summary>
    public static TimeSpan MarginOf(LeaseOptions? options, CoordinatorOptions defaults) =>
        options?.SafetyMargin ?? defaults.SafetyMargin ?? (options?.Duration ?? defaults.LeaseDuration) / 10;

    public static LeaseTerms Create(LeaseOptions? options, CoordinatorOptions defaults, BackendDescription backend)
    {
        var duration = options?.Duration ?? defaults.LeaseDuration;
        CheckDuration(duration, backend, $"{nameof(options)}.{nameof(LeaseOptions.Duration)}");

        var margin = options?.SafetyMargin ?? defaults.SafetyMargin;
        if (margin is { } given)
        {
            CheckMargin(given, duration, backend.Evidence, $"{nameof(options)}.{nameof(LeaseOptions.SafetyMargin)}");
        }

        var holder = options?.Holder ?? defaults.Holder;
        CheckValue(holder, $"{nameof(options)}.{nameof(LeaseOptions.Holder)}");
        return new LeaseTerms(duration, margin, options?.AutoRenew ?? true, holder);
    }

    public static void CheckDuration(TimeSpan duration, BackendDescription backend, string parameter)
    {
        var isLimited = backend.MaxDuration < MaxDuration;
        var maxDuration = isLimited ? backend.MaxDuration : MaxDuration;
        if (duration < backend.MinDuration || duration > maxDuration)
        {
            throw new ArgumentOutOfRangeException(
                parameter,
                duration,
                $"A lease duration must be from {backend.MinDuration} (the backend's minimum) to {maxDuration}{(isLimited ? $" (the maximum of {backend.Name} as it is set up)" : "")}.");
        }
    }

    public static void CheckMargin(TimeSpan margin, TimeSpan duration, RenewalEvidence evidence, string parameter)
    {
        var (part, name) = LargestMargin(evidence);
        if (margin < TimeSpan.Zero || margin > duration / part)
        {
            throw new ArgumentOutOfRangeException(
                parameter, margin, $"With this backend a safety margin must be from zero to {name} of the lease duration of {duration}.");
        }
    }

    // Where it takes two renewals to prove one, a larger margin would begin before the second is answered: every lease would be lost.
    private static (int Part, string Name) LargestMargin(RenewalEvidence evidence) => evidence == RenewalEvidence.PreviousRequest ? (4, "a quarter") : (2, "half");

    public static void CheckValue(string value, string parameter)
    {
        ArgumentNullException.ThrowIfNull(value, parameter);
        if (value.Length > MaxValueBytes || Encoding.UTF8.GetByteCount(value) > MaxValueBytes)
        {
            throw new ArgumentException($"A value must be at most {MaxValueBytes} bytes of UTF-8.", parameter);
        }
    }
}
