using System.Diagnostics;
using HdrHistogram;

namespace Coordination.Benchmarks.Measuring;

/// <summary>Times, recorded without allocating, in a histogram of three digits from one tick of the monotonic clock to ten minutes.</summary>
internal sealed class Latencies
{
    private readonly LongHistogram _ticks = new(TimeSpan.FromMinutes(10).Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond), 3);
    private double _sum;

    public long Count => _ticks.TotalCount;

    public void Record(long ticks)
    {
        _sum += ticks;
        _ticks.RecordValue(Math.Max(ticks, 1));
    }

    public double MeanMicroseconds => Count == 0 ? 0 : Microseconds(_sum / Count);

    public double PercentileMicroseconds(double percentile) => Count == 0 ? 0 : Microseconds(_ticks.GetValueAtPercentile(percentile));

    public double MaxMicroseconds => Count == 0 ? 0 : Microseconds(_ticks.GetMaxValue());

    private static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
