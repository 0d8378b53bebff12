namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>The machine's clock, on which a client makes no pauses between its attempts to connect: they are counted, and over at once.</summary>
public sealed class PauselessTime : TimeProvider
{
    // No pause is longer. Time limits are.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _skipped;
    private int _pauses;

    /// <summary>How many pauses there were.</summary>
    public int Pauses => Volatile.Read(ref _pauses);

    public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _skipped);

    /// <summary>Lets so much time pass at once. No timer fires for it.</summary>
    public void Skip(TimeSpan time) => Interlocked.Add(ref _skipped, (long)(time.TotalSeconds * TimestampFrequency));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // A connection's own timer is made without a time, and set later.
        if (dueTime > TimeSpan.Zero && dueTime <= LongestPause)
        {
            Interlocked.Increment(ref _pauses);
            dueTime = TimeSpan.Zero;
        }

        return base.CreateTimer(callback, state, dueTime, period);
    }
}
