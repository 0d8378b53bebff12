using System.Runtime.CompilerServices;
using Coordination.Benchmarks.Servers;
using RedLockNet.SERedis;
using RedLockNet.SERedis.Configuration;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// RedLock.net with its defaults: three tries, up to 400 ms apart at random. It has no default for the pause between such threes: it gets its
/// minimum, which serves it best.
/// </summary>
internal sealed class RedLockNetLock(IReadOnlyList<ConnectionMultiplexer> connections, ClientSettings? settings = null) : IPair, ILockClient
{
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(10);

    private readonly RedLockFactory _factory = RedLockFactory.Create([.. connections.Select(static connection => new RedLockMultiplexer(connection))]);
    private readonly TimeSpan _expiry = TimeSpan.FromSeconds(settings?.LeaseSeconds ?? 30);

    public string Name => "RedLock.net";

    public static async Task<ILockClient> ConnectAsync(Store store, ClientSettings settings) => new RedLockNetLock(
        store == Store.Redlock ? await RedlockSet.ConnectAsync(settings.Connection) : [await RedisTarget.ConnectAsync(settings.Connection)], settings);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await using var held = await _factory.CreateLockAsync("benchmark:redlock", _expiry);
        if (!held.IsAcquired)
        {
            throw new InvalidOperationException("RedLock.net did not get a lock that nobody holds.");
        }
    }

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken)
    {
        var held = await _factory.CreateLockAsync(resource, _expiry, Wait, Retry, cancellationToken);
        if (cancellationToken.IsCancellationRequested)
        {
            // It may have been granted all the same.
            await held.DisposeAsync();
            throw new OperationCanceledException(cancellationToken);
        }

        return held.IsAcquired ? held : throw new TimeoutException($"RedLock.net did not get its turn within {Wait.TotalMinutes} minutes.");
    }

    public async ValueTask DisposeAsync()
    {
        // Those that it made, that is with settings.
        foreach (var connection in settings is null ? [] : connections)
        {
            await connection.DisposeAsync();
        }
    }
}
