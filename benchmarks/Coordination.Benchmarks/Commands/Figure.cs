using System.Globalization;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;

namespace Coordination.Benchmarks.Commands;

/// <summary>One of the figures that the project promises, and what a run showed.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Aim">What it should be.</param>
/// <param name="Measured">What it was.</param>
/// <param name="IsMet">Whether that is as it should be; <see langword="null"/> when it is only reported.</param>
internal sealed record Figure(string Name, string Aim, string Measured, bool? IsMet)
{
    public string Verdict => IsMet switch { true => "ok", false => "missed", null => "—" };

    public static Figure AtMost(string name, double aim, double measured, string format = "0.00", string unit = "") =>
        new(name, $"≤ {Format(aim, format)}{unit}", Format(measured, format) + unit, measured <= aim);

    public static Figure AtLeast(string name, double aim, double measured, string format = "0.00", string unit = "") =>
        new(name, $"≥ {Format(aim, format)}{unit}", Format(measured, format) + unit, measured >= aim);

    /// <summary>Reported, without an aim.</summary>
    public static Figure Only(string name, double measured, string format = "0.00", string unit = "") => new(name, "", Format(measured, format) + unit, IsMet: null);

    public static Figure NoOverlaps(IReadOnlyCollection<ContentionResult> results)
    {
        var overlaps = results.Sum(static result => result.Overlaps);
        return new Figure("Overlaps", "0", Text.Whole(overlaps), overlaps == 0);
    }

    public static Table Show(string title, IEnumerable<Figure> figures) => Screen.Table(
        $"Figures, {title}", ["figure", "aim", "measured", ""], figures.Select(static figure => new[] { figure.Name, figure.Aim, figure.Measured, figure.Verdict }));

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
