using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>The kinds of servers.</summary>
internal enum Store
{
    InMemory,
    Redis,
    Redlock,
    Etcd,
    ZooKeeper,
}

/// <summary>Where the user's own servers are; <see langword="null"/>: they are started.</summary>
internal sealed record Endpoints(string? Redis = null, string? Redlock = null, string? Etcd = null, string? ZooKeeper = null);

/// <summary>What coordination can rest on: a kind of server, and how many of it.</summary>
/// <param name="Key">Its name on the command line.</param>
/// <param name="Name">Its name in tables and charts.</param>
/// <param name="Store">The kind.</param>
/// <param name="Members">How many servers.</param>
internal sealed record Backend(string Key, string Name, Store Store, int Members)
{
    /// <summary>Starts the servers, or connects to the user's.</summary>
    public async Task<IServers> OpenAsync(Endpoints given) => Store switch
    {
        Store.InMemory => new InMemoryTarget(),
        Store.Redis => await RedisTarget.OpenAsync(given.Redis),
        Store.Redlock => await RedlockSet.OpenAsync(given.Redlock, Members),
        Store.Etcd => await EtcdTarget.OpenAsync(given.Etcd, Members),
        _ => await ZooKeeperTarget.OpenAsync(given.ZooKeeper, Members),
    };
}

/// <summary>All backends.</summary>
internal static class BackendCatalog
{
    public static Backend InMemory { get; } = new("memory", "in-memory", Store.InMemory, 0);

    public static Backend Redis { get; } = new("redis", "Redis", Store.Redis, 1);

    public static Backend Redlock5 { get; } = new("redlock-5", "Redlock, 5 masters", Store.Redlock, 5);

    public static Backend Etcd { get; } = new("etcd", "etcd", Store.Etcd, 1);

    public static Backend Etcd3 { get; } = new("etcd-3", "etcd, 3 members", Store.Etcd, 3);

    public static Backend ZooKeeper { get; } = new("zookeeper", "ZooKeeper", Store.ZooKeeper, 1);

    public static Backend ZooKeeper3 { get; } = new("zookeeper-3", "ZooKeeper, 3 servers", Store.ZooKeeper, 3);

    public static IReadOnlyList<Backend> All { get; } =
        [InMemory, Redis, new("redlock-3", "Redlock, 3 masters", Store.Redlock, 3), Redlock5, Etcd, Etcd3, ZooKeeper, ZooKeeper3];

    public static Backend Find(string key) =>
        All.FirstOrDefault(backend => backend.Key == key)
        ?? throw new UsageException($"Unknown backend: '{key}'. There are: {string.Join(", ", All.Select(static backend => backend.Key))}.");

    /// <summary>Those named, separated by commas.</summary>
    public static IReadOnlyList<Backend> Choose(string keys) =>
        keys == "all" ? All : [.. keys.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).Select(Find)];
}
