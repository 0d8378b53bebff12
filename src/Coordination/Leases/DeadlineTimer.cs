namespace Coordination.Leases;

/// <summary>One timer for many deadlines: set to the earliest, moved only when an earlier one comes.</summary>
internal sealed class DeadlineTimer : IDisposable
{
    private readonly MonotonicClock _clock;
    private readonly Action _tick;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private long _dueTicks = long.MaxValue;

    public DeadlineTimer(MonotonicClock clock, Action tick)
    {
        _clock = clock;
        _tick = tick;
        _timer = clock.TimeProvider.CreateTimer(
            static state => ((DeadlineTimer)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Makes the timer fire at this moment at the latest. Not to be called under a lock: a fake clock fires at once.</summary>
    public void At(TimeSpan due)
    {
        // Most claims end long before their deadline, which is later than the next renewal: they never touch the timer.
        if (due.Ticks >= Volatile.Read(ref _dueTicks))
        {
            return;
        }

        lock (_gate)
        {
            if (due.Ticks < _dueTicks)
            {
                Volatile.Write(ref _dueTicks, due.Ticks);
                _timer.Change(_clock.Until(due), Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Fire()
    {
        // Before the tick looks around, so that a deadline set meanwhile sets the timer anew.
        lock (_gate)
        {
            Volatile.Write(ref _dueTicks, long.MaxValue);
        }

        _tick();
    }
}
