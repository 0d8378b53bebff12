using Coordination.Benchmarks.CommandLine;
using Coordination.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One that takes part in the contests: its name on the command line and how to make one over a connection.</summary>
internal sealed record Contender(string Key, string Name, bool Polls, Func<ConnectionMultiplexer, ILockClient> Create);

/// <summary>Everything that is measured. A new implementation is added here.</summary>
internal static class Catalog
{
    public static Contender Ours { get; } =
        new("coordination", "Coordination", Polls: false, static connection => new CoordinationLock(new RedisBackend(connection)));

    public static Contender DistributedLock { get; } =
        new("distributedlock", "DistributedLock.Redis", Polls: true, static connection => new MedallionLock(connection));

    public static Contender RedLockNet { get; } =
        new("redlock", "RedLock.net", Polls: true, static connection => new RedLockNetLock(connection));

    public static IReadOnlyList<Contender> Contenders { get; } = [Ours, DistributedLock, RedLockNet];

    public static Contender Find(string key) =>
        Contenders.FirstOrDefault(contender => contender.Key == key)
        ?? throw new UsageException($"Unknown implementation: '{key}'. There are: {string.Join(", ", Contenders.Select(static c => c.Key))}.");

    /// <summary>Those named, separated by commas; or all.</summary>
    public static IReadOnlyList<Contender> Choose(string? keys) =>
        keys is null or "all" ? Contenders : [.. keys.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).Select(Find)];

    /// <summary>All pairs, on one connection.</summary>
    public static IReadOnlyList<IPair> Pairs(ConnectionMultiplexer connection) =>
    [
        new RawPing(connection),
        new RawSetNx(connection),
        new OwnScripts(connection),
        new BackendAlone(new RedisBackend(connection), TimeSpan.FromHours(1)),
        new CoordinationLock(new RedisBackend(connection)),
        new MedallionLock(connection),
        new RedLockNetLock(connection),
        new CoordinationLock(new InMemory.InMemoryServer().CreateBackend()),
    ];
}
