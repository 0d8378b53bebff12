namespace Coordination.Leases;

/// <summary>Time since the coordinator was made, by a clock that nobody can set.</summary>
/// <remarks>It stands still while the machine sleeps; the fencing token is what protects then.</remarks>
internal sealed class MonotonicClock(TimeProvider timeProvider)
{
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxWait = TimeSpan.FromDays(1);
    private readonly long _origin = timeProvider.GetTimestamp();

    public TimeProvider TimeProvider { get; } = timeProvider;

    public TimeSpan Now => TimeProvider.GetElapsedTime(_origin);

    /// <summary>A moment after a wait that a backend has asked for: not so soon that a backend in error is flooded, nor beyond all time.</summary>
    public TimeSpan After(TimeSpan wait) => Now + Bounded(wait);

    public static TimeSpan Bounded(TimeSpan wait) => wait < MinWait ? MinWait : wait > MaxWait ? MaxWait : wait;

    /// <summary>A due time for an <see cref="ITimer"/>: never negative, and rounded up to whole milliseconds so that it does not fire early.</summary>
    public TimeSpan Until(TimeSpan moment)
    {
        var wait = moment - Now;
        return wait <= TimeSpan.Zero
            ? TimeSpan.Zero
            : TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(wait.TotalMilliseconds), MaxTimer.TotalMilliseconds));
    }

    /// <summary>Timers of the framework take no more than about 49 days.</summary>
    private static TimeSpan MaxTimer => TimeSpan.FromDays(24);
}
