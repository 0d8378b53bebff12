using System.Globalization;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Servers;

/// <summary>Counts the commands that clients sent, from the server's INFO commandstats.</summary>
internal sealed class CommandCounter(ConnectionMultiplexer connection)
{
    /// <summary>
    /// The server counts what scripts call along with what clients send. These are sent by clients for a lock's sake by all that are
    /// measured here, and called by no script of theirs.
    /// </summary>
    private static readonly HashSet<string> Clients = new(StringComparer.Ordinal) { "eval", "evalsha", "fcall", "set", "script|load", "subscribe", "unsubscribe" };

    public async Task<long> CountAsync()
    {
        var sections = await connection.GetServers()[0].InfoAsync("commandstats");
        return sections.SelectMany(static section => section)
            .Where(static line => line.Key.StartsWith("cmdstat_", StringComparison.Ordinal) && Clients.Contains(line.Key["cmdstat_".Length..]))
            .Sum(static line => Calls(line.Value));
    }

    // calls=12,usec=34,…
    private static long Calls(string value) =>
        long.Parse(value.AsSpan("calls=".Length, value.IndexOf(',', StringComparison.Ordinal) - "calls=".Length), CultureInfo.InvariantCulture);
}
