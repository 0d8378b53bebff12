using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Warns of settings of servers that break what the library's promises rest on. Each server is asked once, beside the first calls; nobody waits for it.</summary>
/// <param name="logger">Where to log to.</param>
internal sealed class RedisServerCheck(ILogger logger)
{
    private readonly ConcurrentDictionary<EndPoint, byte> _asked = new();

    /// <summary>Asks those that are connected and were not asked.</summary>
    /// <param name="multiplexer">The connection.</param>
    public void Begin(IConnectionMultiplexer multiplexer)
    {
        foreach (var server in multiplexer.GetServers())
        {
            if (server.IsConnected && server.ServerType != ServerType.Sentinel && _asked.TryAdd(server.EndPoint, 0))
            {
                _ = AskAsync(server);
            }
        }
    }

    private async Task AskAsync(IServer server)
    {
        try
        {
            var settings = await RedisServerSettings.InspectAsync(server, CancellationToken.None).ConfigureAwait(false);
            if (settings.MayEvict)
            {
                RedisLog.MayEvict(logger, server.EndPoint, settings.MaxMemory, settings.MaxMemoryPolicy);
            }
        }
        catch (Exception e) when (e is RedisServerException or RedisCommandException)
        {
            RedisLog.SettingsNotPermitted(logger, server.EndPoint, e);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // It went away: asked again when it is back.
            _asked.TryRemove(server.EndPoint, out _);
        }
    }
}
