namespace Coordination.Leases;

/// <summary>Time since the coordinator was made, by a clock that nobody can set.</summary>
/// <remarks>It stands still while the machine sleeps; the fencing token is what protects then.</remarks>
internal sealed class MonotonicClock(TimeProvider timeProvider)
{
    private readonly long _origin = timeProvider.GetTimestamp();

    public TimeProvider TimeProvider { get; } = timeProvider;

    public TimeSpan Now => TimeProvider.GetElapsedTime(_origin);

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
