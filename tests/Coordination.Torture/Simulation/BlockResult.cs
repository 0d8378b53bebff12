using System.Text.Json;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;

namespace Coordination.Torture.Simulation;

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
