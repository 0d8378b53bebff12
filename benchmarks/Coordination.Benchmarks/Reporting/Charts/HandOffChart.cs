using System.Globalization;
using Coordination.Benchmarks.Scenarios;
using ScottPlot;

namespace Coordination.Benchmarks.Reporting.Charts;

/// <summary>From one process's release to another's acquire: the mean, by implementation.</summary>
internal static class HandOffChart
{
    /// <summary>Ten microseconds are at zero: bars of a logarithm need a bottom.</summary>
    private const double Bottom = -2;

    public static Plot Draw(IReadOnlyList<HandOffRun> runs)
    {
        var plot = Chart.New("Hand-off between processes, mean", "", "ms");
        var ticks = new List<(double, string)>();
        var bars = new List<Bar>();
        var at = 0.0;
        foreach (var run in runs)
        {
            ticks.Add((at + ((run.Results.Count - 1) / 2.0), run.Backend));
            foreach (var result in run.Results)
            {
                var milliseconds = result.MeanMicroseconds / 1000;
                bars.Add(new Bar
                {
                    Position = at,
                    ValueBase = Bottom,
                    Value = Math.Log10(milliseconds),
                    FillColor = Chart.ColourOf(result.Implementation),
                    LabelInvertWhenValueBelow = double.NegativeInfinity,
                    Label = milliseconds.ToString(milliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture),
                });
                at++;
            }

            at += 0.7;
        }

        plot.Add.Bars(bars);
        plot.Axes.Bottom.TickGenerator = Chart.Ticks(ticks);
        plot.Axes.Left.TickGenerator = Chart.PowersOfTen();
        plot.Axes.SetLimitsY(Bottom, bars.Max(static bar => bar.Value) + 1);
        plot.ShowLegend(
            runs.SelectMany(static run => run.Results).Select(static result => result.Implementation).Distinct(StringComparer.Ordinal)
                .Select(static name => new LegendItem { LabelText = name, FillColor = Chart.ColourOf(name) }),
            Alignment.UpperRight);
        return plot;
    }
}
