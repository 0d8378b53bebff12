using System.Globalization;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Servers;

/// <summary>What a Redis server has done so far, by its INFO.</summary>
internal static class ServerCounters
{
    /// <summary>
    /// The server counts what scripts call along with what clients send. These are sent by clients for a lock's sake by all that are
    /// measured here, and called by no script of theirs.
    /// </summary>
    private static readonly HashSet<string> Clients = new(StringComparer.Ordinal) { "eval", "evalsha", "fcall", "set", "script|load", "subscribe", "unsubscribe" };

    /// <summary>The commands that clients sent for their locks.</summary>
    public static async Task<long> CommandsAsync(ConnectionMultiplexer connection)
    {
        var sections = await connection.GetServers()[0].InfoAsync("commandstats");
        return sections.SelectMany(static section => section)
            .Where(static line => line.Key.StartsWith("cmdstat_", StringComparison.Ordinal) && Clients.Contains(line.Key["cmdstat_".Length..]))
            .Sum(static line => Calls(line.Value));
    }

    /// <summary>The processor time that it took.</summary>
    public static async Task<TimeSpan> ProcessorTimeAsync(ConnectionMultiplexer connection)
    {
        var sections = await connection.GetServers()[0].InfoAsync("cpu");
        return TimeSpan.FromSeconds(sections.SelectMany(static section => section)
            .Where(static line => line.Key is "used_cpu_user" or "used_cpu_sys")
            .Sum(static line => double.Parse(line.Value, CultureInfo.InvariantCulture)));
    }

    // calls=12,usec=34,…
    private static long Calls(string value) =>
        long.Parse(value.AsSpan("calls=".Length, value.IndexOf(',', StringComparison.Ordinal) - "calls=".Length), CultureInfo.InvariantCulture);
}
