using System.Diagnostics;

namespace Coordination.Benchmarks.Measuring;

/// <summary>Holds for a given time to the microsecond. Timers are too coarse: <c>Task.Delay(1)</c> takes 1 to 4 ms.</summary>
internal static class Hold
{
    public static void Spin(double milliseconds)
    {
        var until = Stopwatch.GetTimestamp() + (long)(milliseconds * Stopwatch.Frequency / 1000);
        while (Stopwatch.GetTimestamp() < until)
        {
            Thread.SpinWait(20);
        }
    }
}
