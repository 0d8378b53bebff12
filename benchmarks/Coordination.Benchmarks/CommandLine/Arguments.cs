using System.Globalization;

namespace Coordination.Benchmarks.CommandLine;

/// <summary>The options of one command: <c>--name value</c>, <c>--name=value</c>, <c>--flag</c>. What nobody asked for is an error.</summary>
internal sealed class Arguments
{
    private readonly List<string> _left;

    public Arguments(IEnumerable<string> arguments) =>
        _left = [.. arguments.SelectMany(static argument =>
            argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                ? new[] { argument[..at], argument[(at + 1)..] }
                : [argument])];

    public bool Flag(string name) => _left.Remove(name);

    public string? Text(string name)
    {
        var at = _left.IndexOf(name);
        if (at < 0)
        {
            return null;
        }

        if (at + 1 == _left.Count || _left[at + 1].StartsWith("--", StringComparison.Ordinal))
        {
            throw new UsageException($"{name} needs a value.");
        }

        var value = _left[at + 1];
        _left.RemoveRange(at, 2);
        return _left.Contains(name) ? throw new UsageException($"{name} was given twice.") : value;
    }

    public int Integer(string name, int otherwise, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new UsageException($"{name} must be a whole number from {least} to {most}; it was '{text}'.");
    }

    public double Number(string name, double otherwise, double least, double most)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new UsageException(string.Create(
                CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}; it was '{text}'."));
    }

    public void ThrowIfAnyIsLeft()
    {
        if (_left.Count > 0)
        {
            throw new UsageException($"Unknown option: {_left[0]}.");
        }
    }
}
