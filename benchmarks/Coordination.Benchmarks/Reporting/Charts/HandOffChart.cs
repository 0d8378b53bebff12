using System.Globalization;
using Coordination.Benchmarks.Scenarios;
using ScottPlot;

namespace Coordination.Benchmarks.Reporting.Charts;

/// <summary>From one process's release to another's acquire: the mean, by implementation.</summary>
internal static class HandOffChart
{
    /// <summary>A tenth of a microsecond is at zero: bars of a logarithm need a bottom.</summary>
    private const double Bottom = -2;

    public static Plot Draw(IReadOnlyList<HandOffRun> runs)
    {
        var plot = Chart.New("Hand-off between processes, mean", "", "ms");
        var ticks = new List<(double, string)>();
        var bars = new List<Bar>();
        var at = 0.0;
        foreach (var run in runs)
        {
            foreach (var result in run.Results)
            {
                var milliseconds = result.MeanMicroseconds / 1000;
                bars.Add(new Bar
                {
                    Position = at,
                    ValueBase = Bottom,
                    Value = Math.Log10(milliseconds),
                    FillColor = Chart.ColourOf(result.Implementation),
                    Label = milliseconds.ToString(milliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture),
                });
                ticks.Add((at++, $"{run.Backend}\n{result.Implementation.Replace(", ", ",\n", StringComparison.Ordinal).Replace(".Redis", "\n.Redis", StringComparison.Ordinal)}"));
            }

            at += 0.7;
        }

        plot.Add.Bars(bars);
        plot.Axes.Bottom.TickGenerator = Chart.Ticks(ticks);
        plot.Axes.Bottom.TickLabelStyle.FontSize = 9;
        plot.Axes.Left.TickGenerator = Chart.PowersOfTen();
        plot.Axes.SetLimitsY(Bottom, bars.Max(static bar => bar.Value) + 0.5);
        return plot;
    }
}
