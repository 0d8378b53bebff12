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

    /// <summary>
    /// Records a time together with those that would have been measured meanwhile, had the one that waited gone on asking at its usual pace: HdrHistogram's correction for coordinated
    /// omission.
    /// </summary>
    public void RecordExpecting(long ticks, long interval) => _ticks.RecordValueWithExpectedInterval(Math.Max(ticks, 1), Math.Max(interval, 1));

    public double MeanMicroseconds => Count == 0 ? 0 : Microseconds(_sum / Count);

    public double PercentileMicroseconds(double percentile) => Count == 0 ? 0 : Microseconds(_ticks.GetValueAtPercentile(percentile));

    public double MaxMicroseconds => Count == 0 ? 0 : Microseconds(_ticks.GetMaxValue());

    /// <summary>The distribution, for charts.</summary>
    public IReadOnlyList<CurvePoint> Curve() =>
        [.. CurvePoint.Percentiles.Where(percentile => Count * (100 - percentile) >= 100 || percentile <= 50).Select(percentile => new CurvePoint(percentile, PercentileMicroseconds(percentile))),
            new CurvePoint(100, MaxMicroseconds)];

    private static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;
}

/// <summary>One point of a distribution.</summary>
/// <param name="Percentile">So many percent are not longer.</param>
/// <param name="Microseconds">Than this.</param>
internal readonly record struct CurvePoint(double Percentile, double Microseconds)
{
    /// <summary>Which are drawn, as far as there are enough values for them.</summary>
    public static IReadOnlyList<double> Percentiles { get; } = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];
}
