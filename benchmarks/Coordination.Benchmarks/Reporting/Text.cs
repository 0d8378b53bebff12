using System.Globalization;

namespace Coordination.Benchmarks.Reporting;

/// <summary>Numbers as a reader wants them, whatever the machine's language. What is not known is a dash.</summary>
internal static class Text
{
    public static string Whole(double? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "—";

    public static string Tenths(double? value) => value?.ToString("N1", CultureInfo.InvariantCulture) ?? "—";

    public static string Ratio(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "—";
}
