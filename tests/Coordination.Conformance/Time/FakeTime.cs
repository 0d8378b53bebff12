namespace Coordination.Conformance;

/// <summary>A <see cref="ManualClock"/> that the test drives. Between two moments it waits until the thread pool has nothing left to do.</summary>
public sealed class FakeTime : TestTime
{
    // Small enough that what a thread does a little late is soon seen to.
    private static readonly TimeSpan MaxStep = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    // How many threads of the pool are blocked for good, as far as we know.
    private static volatile int _blocked;

    // A test may wait for several things at once; one at a time moves the clock.
    private readonly SemaphoreSlim _driver = new(1);

    public ManualClock Clock { get; } = new();

    public override TimeProvider Provider => Clock;

    public override bool IsFake => true;

    protected override TimeSpan Step => Clock.NextDue is { } due && due > TimeSpan.Zero && due < MaxStep ? due : MaxStep;

    public override async ValueTask PassAsync(TimeSpan span)
    {
        await _driver.WaitAsync();
        try
        {
            await PassAloneAsync(span);
        }
        finally
        {
            _driver.Release();
        }
    }

    private async Task PassAloneAsync(TimeSpan span)
    {
        await SettleAsync();
        var end = Clock.GetTimestamp() + span.Ticks;
        for (var left = span; left > TimeSpan.Zero; left = TimeSpan.FromTicks(end - Clock.GetTimestamp()))
        {
            var step = left < MaxStep ? left : MaxStep;
            if (Clock.NextDue is { } due && due < step)
            {
                step = due;
            }

            Clock.Advance(step);
            await SettleAsync();
        }
    }

    /// <summary>
    /// Waits until no thread of the pool does anything but this: then nothing moves any more until time does. A thread that was preempted within its work
    /// counts as busy, so that on a loaded machine the clock does not run ahead of the code under test. Tests on a fake clock therefore run alone.
    /// </summary>
    public override async ValueTask SettleAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        var fewest = int.MaxValue;
        for (int quiet = 0, round = 1; quiet < 2; round++)
        {
            await Hop();
            var busy = BusyThreads();
            fewest = Math.Min(fewest, busy);
            quiet = ThreadPool.PendingWorkItemCount == 0 && busy <= _blocked + 1 ? quiet + 1 : 0;
            if (quiet > 0)
            {
                continue;
            }

            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                // Some threads do not work but are blocked: the test runner's, or those that a case blocks on purpose.
                _blocked = Math.Max(0, fewest - 1);
                return;
            }

            Thread.Sleep(round % 16 == 0 ? 1 : 0);
        }

        _blocked = Math.Max(0, Math.Min(_blocked, fewest - 1));
    }

    protected override async ValueTask<bool> StragglerAsync(Func<ValueTask<bool>> condition)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            await Task.Delay(5);
            if (await condition())
            {
                return true;
            }
        }

        return false;
    }

    private static int BusyThreads()
    {
        ThreadPool.GetMaxThreads(out var all, out _);
        ThreadPool.GetAvailableThreads(out var idle, out _);
        return all - idle;
    }

    // Through the global queue, behind what other threads have put there.
    private static Task Hop()
    {
        var hop = new TaskCompletionSource();
        ThreadPool.UnsafeQueueUserWorkItem(static hop => hop.SetResult(), hop, preferLocal: false);
        return hop.Task;
    }
}
