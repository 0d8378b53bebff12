namespace Coordination.Torture;

/// <summary>
/// A client's clock: a little fast or slow, begun at some moment of its own, and with a wall clock that is set ahead and back. Leases may rest on its rate alone.
/// </summary>
/// <param name="inner">The true one.</param>
/// <param name="rate">How fast it goes: 1.005 is half a percent fast.</param>
/// <param name="offset">What it shows when the true one shows zero.</param>
internal sealed class SkewedTime(TimeProvider inner, double rate, TimeSpan offset) : TimeProvider
{
    private long _wallOffset;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp() =>
        (long)(inner.GetTimestamp() * rate) + (long)(offset.TotalSeconds * inner.TimestampFrequency);

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow().AddTicks(Interlocked.Read(ref _wallOffset));

    /// <summary>Somebody sets the wall clock.</summary>
    public void SetWallClock(TimeSpan step) => Interlocked.Add(ref _wallOffset, step.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, inner.CreateTimer(callback, state, True(dueTime), True(period)));

    // Never early by the clock of this provider.
    private TimeSpan True(TimeSpan span) => span <= TimeSpan.Zero ? span : TimeSpan.FromTicks((long)Math.Ceiling(span.Ticks / rate) + 1);

    private sealed class Timer(SkewedTime time, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(time.True(dueTime), time.True(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
