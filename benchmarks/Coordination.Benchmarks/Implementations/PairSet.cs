using Coordination.Backends;
using Coordination.Benchmarks.Servers;
using Coordination.Etcd;
using Coordination.InMemory;
using Coordination.Redis;
using Coordination.ZooKeeper;
using Coordination.ZooKeeper.Client;

namespace Coordination.Benchmarks.Implementations;

/// <summary>What is compared without contention on one backend, over as few connections as may be.</summary>
internal sealed class PairSet : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _disposables = [];

    private PairSet(IPair floor, IPair ours, IPair? own, params IEnumerable<IPair> others)
    {
        Floor = floor;
        Ours = ours;
        Own = own ?? floor;
        Pairs = [floor, ours, .. own is null ? [] : new[] { own }, .. others];

        // The others may run over what ours disposes.
        _disposables.AddRange([.. Pairs.Where(pair => pair != ours), ours]);
    }

    /// <summary>The least that a lock on this backend cannot do without.</summary>
    public IPair Floor { get; }

    public IPair Ours { get; }

    /// <summary>Our own requests, sent raw; the floor where they are the same.</summary>
    public IPair Own { get; }

    /// <summary>All.</summary>
    public IReadOnlyList<IPair> Pairs { get; }

    public static async Task<PairSet> OpenAsync(Backend backend, IServers servers) => backend.Store switch
    {
        Store.InMemory => new PairSet(new LocalPair(), new CoordinationLock(new InMemoryServer().CreateBackend()), null, Alone(new InMemoryServer().CreateBackend())),
        Store.Redis => await OpenRedisAsync(servers.Connection),
        Store.Redlock => await OpenRedlockAsync(servers.Connection),
        Store.Etcd => OpenEtcd(servers.Connection),
        _ => await OpenZooKeeperAsync(servers.Connection),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in _disposables)
        {
            await disposable.DisposeAsync();
        }
    }

    private static async Task<PairSet> OpenRedisAsync(string endpoint)
    {
        var connection = await RedisTarget.ConnectAsync(endpoint);
        var set = new PairSet(
            new RawSetNx(connection),
            new CoordinationLock(new RedisBackend(connection)),
            new OwnScripts(connection),
            new RawPing(connection), Alone(new RedisBackend(connection)), new MedallionLock([connection]), new RedLockNetLock([connection]));
        set._disposables.Add(connection);
        return set;
    }

    private static async Task<PairSet> OpenRedlockAsync(string masters)
    {
        var connections = await RedlockSet.ConnectAsync(masters);
        var set = new PairSet(
            new RawRedlock(connections, waitsForAll: true),
            new CoordinationLock(RedlockSet.Backend(connections), new CoordinatorOptions { LeaseDuration = RedlockSet.Longest }),
            new OwnRedlockScripts(connections),
            new RawRedlock(connections, waitsForAll: false), new RawPing(connections), Alone(RedlockSet.Backend(connections), RedlockSet.Longest),
            new MedallionLock(connections), new RedLockNetLock(connections));
        set._disposables.AddRange(connections);
        return set;
    }

    private static PairSet OpenEtcd(string endpoints)
    {
        // All but one over one channel: the backend's.
        var backend = EtcdBackend.Create(endpoints);
        return new PairSet(new RawEtcd(backend), new CoordinationLock(backend), new OwnEtcdRequests(backend), Alone(EtcdBackend.Create(endpoints)));
    }

    private static async Task<PairSet> OpenZooKeeperAsync(string servers)
    {
        var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = servers, SessionTimeout = TimeSpan.FromSeconds(30) });
        await client.ConnectAsync();
        await client.CreateAsync(RawZooKeeper.Queue, default, ZooKeeperCreateMode.Persistent);
        var set = new PairSet(
            new RawZooKeeper(client, withList: true),
            new CoordinationLock(ZooKeeperBackend.Create(servers)),
            null,
            new RawZooKeeper(client, withList: false), new RawZooKeeperRequest(client), Alone(ZooKeeperBackend.Create(servers), TimeSpan.FromSeconds(30)));
        set._disposables.Add(new Queue(client));
        return set;
    }

    /// <summary>Nobody renews its session here: it must outlast the run, or be kept alive by the requests themselves.</summary>
    private static BackendAlone Alone(ICoordinationBackend backend, TimeSpan? duration = null) => new(backend, duration ?? TimeSpan.FromHours(1));

    private sealed class Queue(ZooKeeperClient client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await client.DeleteAsync(RawZooKeeper.Queue);
            await client.DisposeAsync();
        }
    }
}
