using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Implementations;

/// <summary>All that are measured. A new implementation is added here.</summary>
internal static class Catalog
{
    public static Implementation Ours { get; } =
        new("coordination", "Coordination", Polls: false, static (_, _) => true, CoordinationLock.ConnectAsync);

    /// <summary>The cheapest requests that exclude, asked again and again: what a queue costs, and what it is worth.</summary>
    public static Implementation Raw { get; } =
        new("raw", "raw, polling", Polls: true, static (store, primitive) => primitive == Primitive.Lock || store == Store.InMemory && primitive == Primitive.Semaphore, RawPolling.ConnectAsync);

    public static Implementation DistributedLock { get; } = new(
        "distributedlock",
        "DistributedLock.Redis",
        Polls: true,
        static (store, primitive) => store == Store.Redis || (store == Store.Redlock && primitive != Primitive.Semaphore),
        MedallionLock.ConnectAsync,
        Assembly: "DistributedLock.Redis");

    public static Implementation RedLockNet { get; } = new(
        "redlock.net", "RedLock.net", Polls: true, static (store, primitive) => store is Store.Redis or Store.Redlock && primitive == Primitive.Lock, RedLockNetLock.ConnectAsync,
        Assembly: "RedLockNet.SERedis");

    public static Implementation LockService { get; } = new(
        "lock-service", "etcd's lock service", Polls: false, static (store, primitive) => store == Store.Etcd && primitive == Primitive.Lock, EtcdLockService.ConnectAsync);

    /// <summary>No lock at all, to see that an overlap is noticed. Not among all: it is asked for by name.</summary>
    private static readonly Implementation Nothing = new("nothing", "no lock", Polls: false, static (_, _) => true, static (_, _) => Task.FromResult<ILockClient>(new NoLock()));

    public static IReadOnlyList<Implementation> All { get; } = [Ours, Raw, DistributedLock, RedLockNet, LockService];

    public static Implementation Find(string key) =>
        All.Append(Nothing).FirstOrDefault(implementation => implementation.Key == key)
        ?? throw new UsageException($"Unknown implementation: '{key}'. There are: {string.Join(", ", All.Select(static one => one.Key))}.");

    /// <summary>Those named that run on a backend, separated by commas; or all that do.</summary>
    /// <exception cref="UsageException">One is unknown, cannot be loaded, or does not run there though it was named.</exception>
    public static IReadOnlyList<Implementation> Choose(string? keys, Backend backend, Primitive primitive = Primitive.Lock)
    {
        List<Implementation> chosen = keys is null or "all"
            ? [.. All.Where(one => one.Supports(backend.Store, primitive))]
            : [.. keys.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).Select(Find)];
        if (chosen.Find(one => !one.Supports(backend.Store, primitive)) is { } unfit)
        {
            throw new UsageException($"{unfit.Name} has no {primitive} on {backend.Key}.");
        }

        chosen.ForEach(static one => one.Load());
        return chosen;
    }
}
