using System.Globalization;
using System.Text.Json;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;

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

/// <summary>What became of a block, up to the first schedule that broke a promise.</summary>
internal sealed record BlockResult
{
    public required Tally Tally { get; init; }

    /// <summary>How many violations the last schedule has; all before it have none.</summary>
    public int Violations { get; init; }

    /// <summary>The last schedule's seed.</summary>
    public int Seed { get; init; }

    /// <summary>What happened in the last schedule, where that was asked for or broke a promise.</summary>
    public IReadOnlyList<Event>? Events { get; init; }

    public static BlockResult Read(string line) => JsonSerializer.Deserialize<BlockResult>(line, EventLines.Json) ?? throw new JsonException($"No result: {line}");

    public string Write() => JsonSerializer.Serialize(this, EventLines.Json);
}
