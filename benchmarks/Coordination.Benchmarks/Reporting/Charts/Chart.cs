using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace Coordination.Benchmarks.Reporting.Charts;

/// <summary>What all charts have in common.</summary>
internal static class Chart
{
    private const int Width = 960;
    private const int Height = 540;

    /// <summary>One colour a name, the same in all charts; those that can be told apart by the colour-blind (Okabe and Ito).</summary>
    private static readonly Dictionary<string, string> Colours = new(StringComparer.Ordinal)
    {
        ["Coordination"] = "#0072B2",
        ["raw, polling"] = "#999999",
        ["SemaphoreSlim"] = "#999999",
        ["DistributedLock.Redis"] = "#D55E00",
        ["RedLock.net"] = "#009E73",
        ["etcd's lock service"] = "#CC79A7",
    };

    /// <summary>A font without serifs that this machine has; where it has none at all, charts have no text.</summary>
    private static readonly string Font = new[] { "DejaVu Sans", "Liberation Sans", "Segoe UI", "Helvetica", "Arial" }
        .FirstOrDefault(SKFontManager.Default.FontFamilies.Contains) ?? Fonts.Default;

    /// <summary>An empty chart.</summary>
    public static Plot New(string title, string x, string y)
    {
        var plot = new Plot();
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        plot.Font.Set(Font);
        return plot;
    }

    public static Color ColourOf(string implementation) => Color.FromHex(Colours.GetValueOrDefault(implementation, "#000000"));

    /// <summary>A line through points.</summary>
    public static void Line(this Plot plot, string implementation, IEnumerable<(double X, double Y)> points)
    {
        var (xs, ys) = (points.Select(static point => point.X).ToArray(), points.Select(static point => point.Y).ToArray());
        var line = plot.Add.Scatter(xs, ys, ColourOf(implementation));
        line.LegendText = implementation;
        line.LineWidth = 2;
        line.MarkerSize = 7;
    }

    /// <summary>An axis of powers of ten; what is drawn must be the logarithm.</summary>
    public static NumericAutomatic PowersOfTen() => new()
    {
        MinorTickGenerator = new LogMinorTickGenerator(),
        IntegerTicksOnly = true,
        LabelFormatter = static power => Math.Pow(10, power).ToString("#,0.####", CultureInfo.InvariantCulture),
    };

    /// <summary>Ticks at given places.</summary>
    public static NumericManual Ticks(IEnumerable<(double At, string Label)> ticks) =>
        new([.. ticks.Select(static tick => tick.At)], [.. ticks.Select(static tick => tick.Label)]);

    /// <summary>Saves it as PNG and SVG.</summary>
    /// <returns>The name of the PNG.</returns>
    public static string Save(this Plot plot, string directory, string name)
    {
        plot.SavePng(Path.Combine(directory, name + ".png"), Width, Height);
        plot.SaveSvg(Path.Combine(directory, name + ".svg"), Width, Height);
        return name + ".png";
    }
}
