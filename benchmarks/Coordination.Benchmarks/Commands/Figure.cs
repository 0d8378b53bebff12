using System.Globalization;

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

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
