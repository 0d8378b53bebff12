namespace Coordination.Conformance;

/// <summary>The machine's own clock.</summary>
public sealed class RealTime : TestTime
{
    public override TimeProvider Provider => TimeProvider.System;

    public override bool IsFake => false;

    protected override TimeSpan Step => TimeSpan.FromMilliseconds(10);

    public override async ValueTask PassAsync(TimeSpan span) => await Task.Delay(span);

    public override async ValueTask SettleAsync() => await Task.Delay(5);
}
