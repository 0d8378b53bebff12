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
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server);
        foreach (var primary in connection.GetServers().Where(static node => node is { IsConnected: true, IsReplica: false }))
        {
            await foreach (var key in primary.KeysAsync(pattern: $"{prefix}:*"))
            {
                await connection.GetDatabase().KeyDeleteAsync(key);
            }
        }
    }
}
