using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Coordination.Backends;
using Coordination.Benchmarks.Servers;
using Coordination.Etcd;
using Coordination.InMemory;
using Coordination.Redis;
using Coordination.ZooKeeper;

namespace Coordination.Benchmarks.Implementations;

/// <summary>Ours, over any backend, with the options as they come.</summary>
internal sealed class CoordinationLock : IPair, ILockClient
{
    private readonly ConcurrentDictionary<(string Resource, ClaimMode Mode), Source> _sources = new();
    private readonly ClientSettings? _settings;
    private readonly IReadOnlyList<IAsyncDisposable> _connections;
    private readonly IDistributedLock _uncontended;

    /// <summary>Runs over a backend.</summary>
    /// <param name="backend">Which; it is disposed of with this.</param>
    /// <param name="options">The coordinator's; <see langword="null"/> for the defaults.</param>
    /// <param name="settings">What is asked for; <see langword="null"/> for locks.</param>
    /// <param name="connections">What is disposed of afterwards.</param>
    public CoordinationLock(
        ICoordinationBackend backend, CoordinatorOptions? options = null, ClientSettings? settings = null, IReadOnlyList<IAsyncDisposable>? connections = null)
    {
        _settings = settings;
        _connections = connections ?? [];
        Coordinator = new Coordinator(backend, options);
        Name = $"Coordination, {backend.Description.Name}";
        _uncontended = Coordinator.CreateLock("benchmark/uncontended");
    }

    public string Name { get; }

    public Coordinator Coordinator { get; }

    /// <summary>Connects as an application would.</summary>
    public static async Task<ILockClient> ConnectAsync(Store store, ClientSettings settings)
    {
        var options = new CoordinatorOptions { LeaseDuration = settings.LeaseOr(store == Store.Redlock ? RedlockSet.Longest.TotalSeconds : 30) };
        switch (store)
        {
            case Store.Redis:
                var connection = await RedisTarget.ConnectAsync(settings.Connection);
                return new CoordinationLock(new RedisBackend(connection), options, settings, [connection]);
            case Store.Redlock:
                var masters = await RedlockSet.ConnectAsync(settings.Connection);
                return new CoordinationLock(RedlockSet.Backend(masters), options, settings, masters);
            case Store.Etcd:
                return new CoordinationLock(EtcdBackend.Create(settings.Connection), options, settings);
            case Store.ZooKeeper:
                return new CoordinationLock(ZooKeeperBackend.Create(settings.Connection), options, settings);
            default:
                return new CoordinationLock(new InMemoryServer().CreateBackend(), options, settings);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await using var lease = await _uncontended.AcquireAsync();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken)
    {
        var source = _sources.GetOrAdd((resource, mode), static (key, self) => self.Create(key.Resource, key.Mode), this);
        return source.Semaphore is { } semaphore ? await semaphore.AcquireAsync(cancellationToken) : await source.Lock!.AcquireAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Coordinator.DisposeAsync();
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    private Source Create(string resource, ClaimMode mode) => (_settings?.Primitive, mode) switch
    {
        (Primitive.Semaphore, _) => new Source(null, Coordinator.CreateSemaphore(resource, _settings!.Permits)),
        (Primitive.ReaderWriterLock, ClaimMode.Shared) => new Source(Coordinator.CreateReaderWriterLock(resource).ReadLock, null),
        (Primitive.ReaderWriterLock, _) => new Source(Coordinator.CreateReaderWriterLock(resource).WriteLock, null),
        _ => new Source(Coordinator.CreateLock(resource), null),
    };

    private sealed record Source(IDistributedLock? Lock, IDistributedSemaphore? Semaphore);
}
