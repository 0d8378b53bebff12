namespace Coordination.Conformance;

/// <summary>
/// A clock that moves only when told. Unlike FakeTimeProvider it fires each timer with the clock at that timer's moment, and it can
/// <see cref="Jump"/>: time is up, but no timer has run yet, as when the machine gives a process no time.
/// </summary>
public sealed class ManualClock : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _lock = new();
    private readonly SortedSet<ManualTimer> _timers = new(Comparer<ManualTimer>.Create(static (one, other) => (one.Due, one.Order).CompareTo((other.Due, other.Order))));
    private long _now;
    private long _created;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => Epoch.AddTicks(GetTimestamp());

    /// <summary>How many timers are armed: ten thousand leases must not have one each.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>How long until the next timer is due, or null when none is armed.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count == 0 ? null : TimeSpan.FromTicks(Math.Max(0, _timers.Min!.Due - _now));
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state, Interlocked.Increment(ref _created));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves on and fires what is due, in order, each at its own moment.</summary>
    public void Advance(TimeSpan span)
    {
        var end = GetTimestamp() + span.Ticks;
        while (true)
        {
            ManualTimer? next;
            lock (_lock)
            {
                next = _timers.Min is { } first && first.Due <= end ? first : null;
                _now = Math.Max(_now, next is null ? end : next.Due); // never back, also if another thread advances too
                next?.TakeDue();
            }

            if (next is null)
            {
                return;
            }

            next.Fire();
        }
    }

    /// <summary>Moves on without firing anything; late timers fire at the next <see cref="Advance"/>, even of zero.</summary>
    public void Jump(TimeSpan span) => Interlocked.Add(ref _now, span.Ticks);

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state, long order) : ITimer
    {
        private TimeSpan _period;
        private bool _disposed;

        public long Due { get; private set; }

        public long Order => order;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                if (_disposed)
                {
                    return false;
                }

                clock._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock._now + dueTime.Ticks;
                    clock._timers.Add(this);
                }

                return true;
            }
        }

        // Under the clock's lock.
        public void TakeDue()
        {
            // Its place goes by when it is due.
            clock._timers.Remove(this);
            if (_period > TimeSpan.Zero)
            {
                Due += _period.Ticks;
                clock._timers.Add(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
