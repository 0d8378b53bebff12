using Coordination.Backends;
using Coordination.Redis;

namespace Quickstart;

/// <summary>Independent Redis servers, of which a majority decides.</summary>
internal static class RedlockServers
{
    public const string Wanted = "HOST:PORT,HOST:PORT,HOST:PORT";

    /// <summary>Whether these are servers that can be a set: an odd number, 3 or more.</summary>
    public static bool IsSet(string servers)
    {
        var all = servers.Split(',');
        return all.Length >= 3 && all.Length % 2 == 1 && all.All(Arguments.IsHostAndPort) && all.Distinct(StringComparer.OrdinalIgnoreCase).Count() == all.Length;
    }

    public static ICoordinationBackend Connect(string servers, string prefix)
    {
        // A set that is new, as that of a prefix of our own is, is admitted when its youngest server has been up for the longest lease. What waits for one that has fallen silent,
        // waits for less than a lease.
        var options = new RedlockBackendOptions { KeyPrefix = prefix, LongestDuration = Setting.LeaseDuration, MasterTimeout = Setting.LeaseDuration / 2 };
        foreach (var server in servers.Split(','))
        {
            options.Masters.Add(server);
        }

        return RedlockBackend.Create(options);
    }

    public static Task SweepAsync(string servers, string prefix) =>
        Task.WhenAll(servers.Split(',').Select(server => RedisServer.SweepAsync(server, prefix)));
}
