using System.Runtime.CompilerServices;
using Coordination.Benchmarks.Servers;
using Coordination.Etcd;
using Coordination.ZooKeeper.Client;
using Etcdserverpb;
using Google.Protobuf;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One request and its reply, the least that anything on these servers costs: the measure of a run.</summary>
internal sealed class RoundTrip : IPair
{
    private readonly Func<ValueTask> _ask;
    private readonly IReadOnlyList<IAsyncDisposable> _connections;

    private RoundTrip(string name, Func<ValueTask> ask, params IReadOnlyList<IAsyncDisposable> connections)
    {
        Name = name;
        _ask = ask;
        _connections = connections;
    }

    public string Name { get; }

    /// <summary>Connects.</summary>
    /// <returns>The round trip, or <see langword="null"/> where there is no server.</returns>
    public static async Task<RoundTrip?> ConnectAsync(Store store, string connection)
    {
        switch (store)
        {
            case Store.Redis or Store.Redlock:
                IReadOnlyList<ConnectionMultiplexer> masters =
                    store == Store.Redis ? [await RedisTarget.ConnectAsync(connection)] : await RedlockSet.ConnectAsync(connection);
                var ping = new RawPing(masters);
                return new RoundTrip(store == Store.Redis ? "PING" : "PING to all masters", ping.RunAsync, masters);
            case Store.Etcd:
                var backend = EtcdBackend.Create(connection);
                var range = new RangeRequest { Key = ByteString.CopyFromUtf8("benchmark-round-trip") };
                return new RoundTrip("range", async () => await backend.Connection.Current.Kv.RangeAsync(range), backend);
            case Store.ZooKeeper:
                var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = connection, SessionTimeout = TimeSpan.FromSeconds(30) });
                await client.ConnectAsync();
                return new RoundTrip("exists", async () => await client.ExistsAsync("/zookeeper"), client);
            default:
                return null;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync() => await _ask();

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }
}
