namespace Coordination.Conformance;

/// <summary>A <see cref="ManualClock"/> that the test drives. Between two moments it waits until the thread pool has nothing left to do.</summary>
public sealed class FakeTime : TestTime
{
    // Small enough that what a thread does a little late is soon seen to.
    private static readonly TimeSpan MaxStep = TimeSpan.FromMilliseconds(100);

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
    /// Waits until no thread of the pool does anything: then nothing moves any more until time does. The clock does not run ahead of the code under test,
    /// however loaded the machine is. Tests on a fake clock therefore run alone.
    /// </summary>
    public override async ValueTask SettleAsync() => await ProcessAtRest.WaitAsync();

    public override void Block(ManualResetEventSlim until, TimeSpan limit) => ProcessAtRest.Block(until, limit);
}
