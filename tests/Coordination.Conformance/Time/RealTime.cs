namespace Coordination.Conformance;

/// <summary>The machine's own clock.</summary>
public sealed class RealTime : TestTime
{
    public override TimeProvider Provider => TimeProvider.System;

    public override bool IsFake => false;

    protected override TimeSpan Step => TimeSpan.FromMilliseconds(10);

    /// <summary>All of the time: the system's timers go by a clock with ticks of some milliseconds, and may fire one tick early.</summary>
    public override async ValueTask PassAsync(TimeSpan span)
    {
        var start = Now;
        for (var left = span; left > TimeSpan.Zero; left = span - Since(start))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
        }
    }

    public override async ValueTask SettleAsync() => await Task.Delay(5);
}
