using Medallion.Threading.Redis;
using StackExchange.Redis;

namespace Coordination.Torture.Peers;

/// <summary>DistributedLock.Redis, with the lease's duration as its expiry and everything else as it comes.</summary>
internal sealed class MedallionCoordinator(ConnectionMultiplexer connection, WorkloadSettings settings) : PeerCoordinator
{
    public override IDistributedLock CreateLock(string name, LeaseOptions? options = null)
    {
        var inner = new RedisDistributedLock("peer:" + name, connection.GetDatabase(), builder => builder.Expiry(settings.LeaseDuration));
        return new PeerLock(name, async cancellationToken =>
        {
            try
            {
                var handle = await inner.AcquireAsync(timeout: null, cancellationToken);
                var lost = handle.HandleLostToken;
                return new PeerLease(name, () => !lost.IsCancellationRequested, lost, handle.DisposeAsync);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                throw new CoordinationException(exception.Message, isTransient: true, exception);
            }
        });
    }

    public override ValueTask DisposeAsync() => connection.DisposeAsync();
}
