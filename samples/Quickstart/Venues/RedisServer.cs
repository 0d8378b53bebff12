using Coordination.Backends;
using Coordination.Redis;
using StackExchange.Redis;

namespace Quickstart;

/// <summary>A Redis server, or one that speaks like it.</summary>
internal static class RedisServer
{
    public static ICoordinationBackend Connect(string server, string prefix) =>
        RedisBackend.Create(new RedisBackendOptions { Configuration = server, KeyPrefix = prefix });

    /// <summary>The library leaves last tokens behind for a while, so that they never go back; nobody needs those of a run that is over.</summary>
    public static async Task SweepAsync(string server, string prefix)
    {
        try
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(server);
            foreach (var primary in connection.GetServers().Where(static node => node is { IsConnected: true, IsReplica: false }))
            {
                await foreach (var key in primary.KeysAsync(pattern: $"{prefix}:*"))
                {
                    await connection.GetDatabase().KeyDeleteAsync(key);
                }
            }
        }
        catch (RedisException exception)
        {
            // Whatever went wrong before matters more: say it, and go on ending.
            Console.Error.WriteLine($"Keys that begin with {prefix} may be left on the server; they expire within an hour or so. {exception.Message}");
        }
    }
}
