using System.Runtime.CompilerServices;
using RedLockNet.SERedis;
using RedLockNet.SERedis.Configuration;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// RedLock.net with its defaults: three tries, up to 400 ms apart at random. It has no default for the pause between such threes: it gets its
/// minimum, which serves it best.
/// </summary>
internal sealed class RedLockNetLock(ConnectionMultiplexer connection) : IPair, ILockClient
{
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(10);

    private readonly RedLockFactory _factory = RedLockFactory.Create([new RedLockMultiplexer(connection)]);

    public string Name => "RedLock.net";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await using var held = await _factory.CreateLockAsync("benchmark:redlock", Expiry);
        if (!held.IsAcquired)
        {
            throw new InvalidOperationException("RedLock.net did not get a lock that nobody holds.");
        }
    }

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource)
    {
        var held = await _factory.CreateLockAsync(resource, Expiry, Wait, Retry);
        return held.IsAcquired ? held : throw new TimeoutException($"RedLock.net did not get its turn within {Wait.TotalMinutes} minutes.");
    }

    // The connection is not the factory's.
    public ValueTask DisposeAsync() => default;
}
