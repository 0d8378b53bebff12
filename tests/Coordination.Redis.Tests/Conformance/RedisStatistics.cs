using System.Globalization;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Conformance;

/// <summary>The server's own counters.</summary>
internal static class RedisStatistics
{
    /// <summary>How many scripts clients have run: what the library sends, and nothing else does.</summary>
    public static long ScriptCalls(IServer server)
    {
        var calls = 0L;
        foreach (var command in server.Info("commandstats").SelectMany(static section => section))
        {
            if (command.Key is "cmdstat_evalsha" or "cmdstat_eval")
            {
                calls += long.Parse(command.Value.Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture);
            }
        }

        return calls;
    }
}
