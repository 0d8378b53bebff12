using System.Globalization;

namespace Coordination.Torture.Simulation;

/// <summary>Schedules one after another: what one process is given at a time.</summary>
/// <param name="First">The seed of the first.</param>
/// <param name="Count">How many; seeds go on from zero after the largest.</param>
internal readonly record struct Block(int First, int Count)
{
    public IEnumerable<int> Seeds
    {
        get
        {
            for (var number = 0; number < Count; number++)
            {
                yield return unchecked(First + number) & int.MaxValue;
            }
        }
    }

    public static Block Parse(string line) => line.Split(' ') is [var first, var count]
        ? new Block(int.Parse(first, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture))
        : throw new FormatException($"No block of schedules: {line}");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First} {Count}");
}
