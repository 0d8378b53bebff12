using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>What shows the figures that the project promises of the engine: in memory nothing hides what it costs. Some ten seconds.</summary>
internal static class InMemoryFigures
{
    /// <summary>Measures and shows.</summary>
    /// <param name="backend">What it is.</param>
    /// <param name="servers">None.</param>
    /// <returns>The results and the exit code.</returns>
    public static async Task<(object Results, int ExitCode)> RunAsync(Backend backend, IServers servers)
    {
        await using var set = await PairSet.OpenAsync(backend, servers);
        var uncontended = await UncontendedCommand.MeasureAsync(backend, servers, set, seconds: 6);
        UncontendedCommand.Show(backend, uncontended);

        // The engine's share is what is left when the backend, asked as the engine asks it, is taken off.
        var (ours, alone) = (uncontended[1], uncontended[2]);
        Figure[] figures =
        [
            Figure.Only("Uncontended p50", ours.P50Microseconds, unit: " µs"),
            Figure.Only("Uncontended, allocated", ours.BytesPerPair, "0", " B"),
            Figure.AtMost("Uncontended p50, the engine's share", 1, ours.P50Microseconds - alone.P50Microseconds, unit: " µs"),
            Figure.AtMost("Uncontended, allocated by the engine", 400, ours.BytesPerPair - alone.BytesPerPair, "0", " B"),
        ];
        Figure.Show(backend.Name, figures);
        return (new { uncontended, figures }, ExitCodes.Done);
    }
}
