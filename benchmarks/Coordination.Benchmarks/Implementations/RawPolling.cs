using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Implementations;

/// <summary>The cheapest requests that exclude, without a queue, a token or a renewal: who is refused asks again after 1 to 5 ms.</summary>
internal abstract class RawPolling : ILockClient
{
    public static async Task<ILockClient> ConnectAsync(Store store, ClientSettings settings) => store switch
    {
        Store.Redis => new RawRedisLock([await RedisTarget.ConnectAsync(settings.Connection)]),
        Store.Redlock => new RawRedisLock(await RedlockSet.ConnectAsync(settings.Connection)),
        Store.Etcd => await RawEtcdLock.ConnectAsync(settings.Connection),
        Store.ZooKeeper => await RawZooKeeperLock.ConnectAsync(settings),
        _ => new LocalLock(settings.Permits),
    };

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await TryAcquireAsync(resource) is { } held)
            {
                return held;
            }

            await Task.Delay(Random.Shared.Next(1, 6), cancellationToken);
        }
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Asks once.</summary>
    /// <returns>What releases it, or <see langword="null"/> when another holds.</returns>
    protected abstract ValueTask<IAsyncDisposable?> TryAcquireAsync(string resource);

    /// <summary>What releases.</summary>
    protected sealed class Held(Func<Task> release) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await release();
    }
}
