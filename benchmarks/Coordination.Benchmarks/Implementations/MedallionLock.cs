using System.Runtime.CompilerServices;
using Coordination.Benchmarks.Servers;
using Medallion.Threading.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>DistributedLock.Redis with its defaults: expiry 30 s, a waiter sleeps from 10 to 800 ms at random between its tries.</summary>
internal sealed class MedallionLock(IReadOnlyList<ConnectionMultiplexer> connections, ClientSettings? settings = null) : IPair, ILockClient
{
    private readonly IDatabase[] _databases = [.. connections.Select(static connection => connection.GetDatabase())];
    private readonly RedisDistributedLock _uncontended = new("benchmark:medallion", connections.Select(static connection => connection.GetDatabase()));

    public string Name => "DistributedLock.Redis";

    public static async Task<ILockClient> ConnectAsync(Store store, ClientSettings settings) => new MedallionLock(
        store == Store.Redlock ? await RedlockSet.ConnectAsync(settings.Connection) : [await RedisTarget.ConnectAsync(settings.Connection)], settings);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await using var handle = await _uncontended.AcquireAsync();
    }

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken) =>
        (settings?.Primitive ?? Primitive.Lock, mode) switch
        {
            (Primitive.Semaphore, _) => await new RedisDistributedSemaphore(resource, settings!.Permits, _databases[0], Configure).AcquireAsync(null, cancellationToken),
            (Primitive.ReaderWriterLock, ClaimMode.Shared) =>
                await new RedisDistributedReaderWriterLock(resource, _databases, Configure).AcquireReadLockAsync(null, cancellationToken),
            (Primitive.ReaderWriterLock, _) => await new RedisDistributedReaderWriterLock(resource, _databases, Configure).AcquireWriteLockAsync(null, cancellationToken),
            _ => await new RedisDistributedLock(resource, _databases, Configure).AcquireAsync(null, cancellationToken),
        };

    public async ValueTask DisposeAsync()
    {
        // Those that it made, that is with settings.
        foreach (var connection in settings is null ? [] : connections)
        {
            await connection.DisposeAsync();
        }
    }

    private void Configure(RedisDistributedSynchronizationOptionsBuilder options)
    {
        if (settings?.LeaseSeconds is not null)
        {
            options.Expiry(settings.LeaseOr(30));
        }
    }
}
