namespace Coordination.Conformance;

/// <summary>A <see cref="ManualClock"/> that the test drives. Between two moments it waits until the thread pool has nothing left to do.</summary>
public sealed class FakeTime : TestTime
{
    // Small enough that what a thread does a little late is soon seen to.
    private static readonly TimeSpan MaxStep = TimeSpan.FromMilliseconds(100);

    public ManualClock Clock { get; } = new();

    public override TimeProvider Provider => Clock;

    public override bool IsFake => true;

    protected override TimeSpan Step => Clock.NextDue is { } due && due > TimeSpan.Zero && due < MaxStep ? due : MaxStep;

    public override async ValueTask PassAsync(TimeSpan span)
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

    /// <summary>Waits until the thread pool is idle several times in a row: then nothing moves any more until time does.</summary>
    public override async ValueTask SettleAsync()
    {
        var quiet = 0;
        for (var round = 0; quiet < 4 && round < 2_000; round++)
        {
            var before = ThreadPool.CompletedWorkItemCount;
            await Hop();

            // Two: our own hop, and the hop of another test that does the same.
            quiet = ThreadPool.PendingWorkItemCount == 0 && ThreadPool.CompletedWorkItemCount - before <= 2 ? quiet + 1 : 0;
            if (quiet > 1)
            {
                Thread.Yield(); // a worker may have been preempted within an item
            }
        }
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

    // Through the global queue, behind what other threads have put there.
    private static Task Hop()
    {
        var hop = new TaskCompletionSource();
        ThreadPool.UnsafeQueueUserWorkItem(static hop => hop.SetResult(), hop, preferLocal: false);
        return hop.Task;
    }
}
