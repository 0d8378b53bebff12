namespace Coordination.Conformance;

/// <summary>
/// A process's view of a clock, whose timers can be stalled: time goes on, but nothing fires, as in a process under SIGSTOP or with a
/// starved thread pool. Works on a fake clock and on the machine's.
/// </summary>
public sealed class StallableTime(TimeProvider inner) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly Queue<Action> _late = new();
    private bool _stalled;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return inner.CreateTimer(late => Fire(() => callback(late)), state, dueTime, period);
    }

    /// <summary>From now on no timer fires.</summary>
    public void Stall()
    {
        lock (_lock)
        {
            _stalled = true;
        }
    }

    /// <summary>What should have fired meanwhile fires now.</summary>
    public void Resume()
    {
        while (true)
        {
            Action? late;
            lock (_lock)
            {
                if (!_late.TryDequeue(out late))
                {
                    _stalled = false;
                    return;
                }
            }

            late();
        }
    }

    private void Fire(Action callback)
    {
        lock (_lock)
        {
            if (_stalled)
            {
                _late.Enqueue(callback);
                return;
            }
        }

        callback();
    }
}
