using Coordination.Backends;

namespace Quickstart;

/// <summary>A backend whose server stands apart from the workers: how to get to it, and how to leave nothing there.</summary>
/// <param name="Option">The option that names the user's server: <c>--redis</c>.</param>
/// <param name="Connect">Makes a backend over a server; all keys are under the prefix.</param>
/// <param name="SweepAsync">Removes all keys under the prefix.</param>
internal sealed record ServerBackend(
    string Option,
    Func<string, string, ICoordinationBackend> Connect,
    Func<string, string, Task> SweepAsync)
{
    /// <summary>What the option takes.</summary>
    public string Wanted { get; private init; } = "HOST:PORT";

    /// <summary>Whether that is what it was given.</summary>
    public Func<string, bool> IsWanted { get; private init; } = Arguments.IsHostAndPort;

    /// <summary>All that there are. Another one is another line here.</summary>
    public static IReadOnlyList<ServerBackend> All { get; } =
    [
        new("--redis", RedisServer.Connect, RedisServer.SweepAsync),
        new("--redlock", RedlockServers.Connect, RedlockServers.SweepAsync) { Wanted = RedlockServers.Wanted, IsWanted = RedlockServers.IsSet },
        new("--etcd", EtcdServer.Connect, EtcdServer.SweepAsync),
        new("--zookeeper", ZooKeeperServer.Connect, ZooKeeperServer.SweepAsync),
    ];

    /// <summary>The one that the server we host speaks.</summary>
    public static ServerBackend Default => All[0];

    public static ServerBackend? Find(string option) => All.FirstOrDefault(backend => backend.Option == option);
}
