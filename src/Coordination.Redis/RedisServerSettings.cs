using System.Globalization;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>What a server says of its own settings and state, as far as promises rest on it.</summary>
/// <param name="RunId">Which run of the server it is: another after each start.</param>
/// <param name="Uptime">How long it has run.</param>
/// <param name="IsReplica">Whether it follows another.</param>
/// <param name="MaxMemory">In bytes; 0 for no limit, or where the server does not say.</param>
/// <param name="MaxMemoryPolicy"><c>maxmemory-policy</c>, or none where the server does not say.</param>
/// <param name="IsAppendOnly"><c>appendonly</c>: whether it writes what it does to a file.</param>
/// <param name="Save"><c>save</c>: when it writes all its data to a file; empty for never, <see langword="null"/> where CONFIG is not permitted, by the server or by the driver (allowAdmin).</param>
internal sealed record RedisServerSettings(
    string RunId, TimeSpan Uptime, bool IsReplica, long MaxMemory, string MaxMemoryPolicy, bool IsAppendOnly, string? Save)
{
    private const string NoEviction = "noeviction";

    /// <summary>Whether it may drop keys of ours when its memory is full. They all have an expiry, so a <c>volatile-</c> policy takes them too.</summary>
    public bool MayEvict => MaxMemory > 0 && MaxMemoryPolicy.Length > 0 && MaxMemoryPolicy != NoEviction;

    /// <summary>Whether a restart forgets everything. <see langword="null"/> where that is not known.</summary>
    public bool? ForgetsOnRestart => IsAppendOnly ? false : Save is null ? null : Save.Length == 0;

    /// <summary>Asks a server. One round trip, and another for <see cref="Save"/>.</summary>
    /// <param name="server">The server.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its settings.</returns>
    /// <exception cref="RedisException">It does not answer, or does not permit INFO.</exception>
    public static async Task<RedisServerSettings> InspectAsync(IServer server, CancellationToken cancellationToken)
    {
        // From a script, as the driver takes INFO for an administrator's command, which it sends only where the configuration says allowAdmin.
        var info = await server.ExecuteAsync("EVAL", ["return redis.call('INFO')", 0]).WaitAsync(cancellationToken).ConfigureAwait(false);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in info.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                fields[line[..colon]] = line[(colon + 1)..];
            }
        }

        return new RedisServerSettings(
            fields.GetValueOrDefault("run_id", ""),
            TimeSpan.FromSeconds(Number(fields, "uptime_in_seconds")),
            fields.GetValueOrDefault("role") == "slave",
            Number(fields, "maxmemory"),
            fields.GetValueOrDefault("maxmemory_policy", ""),
            fields.GetValueOrDefault("aof_enabled") == "1",
            await SaveAsync(server, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<string?> SaveAsync(IServer server, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await server.ExecuteAsync("CONFIG", ["GET", "save"]).WaitAsync(cancellationToken).ConfigureAwait(false);
            return reply.Length == 2 ? reply[1].ToString() : null;
        }
        catch (Exception e) when (e is RedisServerException or RedisCommandException)
        {
            return null;
        }
    }

    private static long Number(Dictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
