using RedLockNet.SERedis;
using RedLockNet.SERedis.Configuration;
using StackExchange.Redis;

namespace Coordination.Torture.Peers;

/// <summary>RedLock.net, with the lease's duration as its expiry; it tries for a minute, every 50 ms.</summary>
internal sealed class RedLockNetCoordinator(IReadOnlyList<ConnectionMultiplexer> connections, WorkloadSettings settings) : PeerCoordinator
{
    private readonly RedLockFactory _factory = RedLockFactory.Create([.. connections.Select(static connection => new RedLockMultiplexer(connection))]);

    public override IDistributedLock CreateLock(string name, LeaseOptions? options = null) => new PeerLock(name, async cancellationToken =>
    {
        try
        {
            var held = await _factory.CreateLockAsync("peer:" + name, settings.LeaseDuration, TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(50), cancellationToken);
            return held.IsAcquired ? new PeerLease(name, () => held.IsAcquired, CancellationToken.None, held.DisposeAsync) : null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new CoordinationException(exception.Message, isTransient: true, exception);
        }
    });

    public override async ValueTask DisposeAsync()
    {
        _factory.Dispose();
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }
}
