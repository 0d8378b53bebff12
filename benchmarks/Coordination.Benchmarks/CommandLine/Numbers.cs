using System.Globalization;

namespace Coordination.Benchmarks.CommandLine;

/// <summary>Lists of numbers, separated by commas.</summary>
internal static class Numbers
{
    /// <exception cref="UsageException">One is none, or out of range.</exception>
    public static IReadOnlyList<double> Parse(string option, string text, double least, double most)
    {
        var numbers = new List<double>();
        foreach (var part in text.Split(','))
        {
            numbers.Add(double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option} takes numbers from {least} to {most}, separated by commas; it was '{text}'.")));
        }

        return numbers;
    }

    /// <exception cref="UsageException">One is none, out of range, or not whole.</exception>
    public static IReadOnlyList<int> ParseWhole(string option, string text, int least, int most) =>
        [.. Parse(option, text, least, most).Select(number => number == Math.Floor(number)
            ? (int)number
            : throw new UsageException($"{option} takes whole numbers; it was '{text}'."))];
}
