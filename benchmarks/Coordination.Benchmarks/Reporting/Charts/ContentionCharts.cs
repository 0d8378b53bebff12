using System.Globalization;
using Coordination.Benchmarks.Scenarios;
using ScottPlot;

namespace Coordination.Benchmarks.Reporting.Charts;

/// <summary>What workers that contend for one lock saw, on one backend.</summary>
internal static class ContentionCharts
{
    /// <summary>How long acquisitions waited: the part that waited no longer, against the time.</summary>
    public static Plot Latency(string backend, int workers, IReadOnlyList<ContentionResult> results)
    {
        var plot = Chart.New($"{backend}: wait for the lock, {workers} workers", "of all acquisitions", "wait, ms");
        foreach (var result in results)
        {
            plot.Line(result.Implementation, [.. result.Waits
                .Where(static point => point.Percentile is >= 10 and < 100 && point.Microseconds > 0)
                .Select(static point => (Nines(point.Percentile), Math.Log10(point.Microseconds / 1000)))]);
        }

        plot.Axes.Bottom.TickGenerator = Chart.Ticks(new[] { 50, 75, 90, 95, 99, 99.5, 99.9, 99.99 }
            .Select(static percentile => (Nines(percentile), percentile.ToString(CultureInfo.InvariantCulture) + " %")));
        plot.Axes.Left.TickGenerator = Chart.PowersOfTen();
        plot.ShowLegend(Alignment.UpperLeft);
        return plot;
    }

    /// <summary>Acquisitions a second, against the number of contenders.</summary>
    public static Plot Throughput(string backend, IReadOnlyList<(int Workers, ContentionResult Result)> sweep) => Against(
        $"{backend}: acquisitions a second, each held for 1 ms", "contenders", "a second", sweep, static result => result.PerSecond, Alignment.LowerLeft);

    /// <summary>Jain's index, against the number of contenders.</summary>
    public static Plot Fairness(string backend, IReadOnlyList<(int Workers, ContentionResult Result)> sweep)
    {
        var plot = Against(
            $"{backend}: fairness (Jain's index; 1: all had as many)", "contenders", "index", sweep, static result => result.JainIndex, Alignment.LowerLeft);
        plot.Axes.SetLimitsY(0, 1.05);
        return plot;
    }

    /// <summary>Requests an acquisition, against the number of those that wait.</summary>
    public static Plot Requests(string backend, IReadOnlyList<(int Workers, ContentionResult Result)> sweep) => Against(
        $"{backend}: requests to the servers for one acquisition and its release", "waiters", "requests",
        [.. sweep.Select(static one => (one.Workers - 1, one.Result)).Where(static one => one.Item1 > 0)], static result => result.RequestsPerAcquisition ?? 0, Alignment.UpperLeft);

    private static Plot Against(
        string title, string x, string y, IReadOnlyList<(int Count, ContentionResult Result)> sweep, Func<ContentionResult, double> value, Alignment legend)
    {
        var plot = Chart.New(title, x, y);
        foreach (var implementation in sweep.GroupBy(static one => one.Result.Implementation))
        {
            plot.Line(implementation.Key, [.. implementation.OrderBy(static one => one.Count).Select(one => (Math.Log2(one.Count), value(one.Result)))]);
        }

        plot.Axes.Bottom.TickGenerator = Chart.Ticks(sweep.Select(static one => one.Count).Distinct().Order()
            .Select(static count => (Math.Log2(count), count.ToString(CultureInfo.InvariantCulture))));
        plot.Axes.SetLimitsY(0, Math.Max(0.1, sweep.Max(one => value(one.Result)) * 1.15));
        plot.ShowLegend(legend);
        return plot;
    }

    // 90 % is at 1, 99 % at 2: as much room for each nine.
    private static double Nines(double percentile) => -Math.Log10(1 - (percentile / 100));
}
