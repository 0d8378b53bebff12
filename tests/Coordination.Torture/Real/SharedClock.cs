using System.Diagnostics;

namespace Coordination.Torture.Real;

/// <summary>The machine's monotonic clock, which all its processes share: moments since the driver's start.</summary>
internal sealed class SharedClock(long origin)
{
    public long Origin => origin;

    public TimeSpan Now => Stopwatch.GetElapsedTime(origin);

    public static SharedClock Start() => new(Stopwatch.GetTimestamp());
}
