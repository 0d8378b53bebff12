using System.Runtime.CompilerServices;
using Medallion.Threading.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>DistributedLock.Redis with its defaults: expiry 30 s, a waiter sleeps from 10 to 800 ms at random between its tries.</summary>
internal sealed class MedallionLock(IConnectionMultiplexer connection) : IPair, ILockClient
{
    private readonly IDatabase _database = connection.GetDatabase();
    private readonly RedisDistributedLock _uncontended = new("benchmark:medallion", connection.GetDatabase());

    public string Name => "DistributedLock.Redis";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await using var handle = await _uncontended.AcquireAsync();
    }

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource) => await new RedisDistributedLock(resource, _database).AcquireAsync();

    public ValueTask DisposeAsync() => default;
}
