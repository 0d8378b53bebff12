using StackExchange.Redis;

namespace Coordination.Torture.Peers;

/// <summary>Another library's locks, as far as the workload needs them.</summary>
internal abstract class PeerCoordinator : ICoordinator, IAsyncDisposable
{
    public static async Task<PeerCoordinator> ConnectAsync(string peer, string endpoints, WorkloadSettings settings)
    {
        var connections = new List<ConnectionMultiplexer>();
        foreach (var endpoint in endpoints.Split(';'))
        {
            connections.Add(await ConnectionMultiplexer.ConnectAsync($"{endpoint},abortConnect=false,connectTimeout=3000,syncTimeout=3000,asyncTimeout=3000"));
        }

        return peer == "RedLock.net" ? new RedLockNetCoordinator(connections, settings) : new MedallionCoordinator(connections[0], settings);
    }

    public abstract IDistributedLock CreateLock(string name, LeaseOptions? options = null);

    public IDistributedReaderWriterLock CreateReaderWriterLock(string name, LeaseOptions? options = null) => throw new NotSupportedException("Peers are asked for locks only.");

    public IDistributedSemaphore CreateSemaphore(string name, int maxCount, LeaseOptions? options = null) => throw new NotSupportedException("Peers are asked for locks only.");

    public ILeaderElection CreateLeaderElection(string name, LeaseOptions? options = null) => throw new NotSupportedException("Peers are asked for locks only.");

    public ValueTask<ResourceStatus> InspectAsync(string name, CancellationToken cancellationToken = default) => throw new NotSupportedException("Peers are asked for locks only.");

    public abstract ValueTask DisposeAsync();
}

/// <summary>A lock of another library.</summary>
internal sealed class PeerLock(string name, Func<CancellationToken, Task<PeerLease?>> acquire) : IDistributedLock
{
    public string Name => name;

    public async ValueTask<IFencedLease> AcquireAsync(CancellationToken cancellationToken = default) =>
        await acquire(cancellationToken) ?? throw new CoordinationException("The peer did not get the lock.", isTransient: true);

    public async ValueTask<IFencedLease?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => await acquire(cancellationToken);

    public ValueTask<IFencedLease> AttachAsync(string ticket, CancellationToken cancellationToken = default) => throw new NotSupportedException("Peers hand nothing over.");
}

/// <summary>What another library hands out. It has no token, and promises nothing ahead: it is believed as long as it does not say that it is lost.</summary>
/// <param name="name">The resource.</param>
/// <param name="isHeld">The library's own word.</param>
/// <param name="lost">Its signal, where it has one.</param>
/// <param name="release">Gives it back.</param>
internal sealed class PeerLease(string name, Func<bool> isHeld, CancellationToken lost, Func<ValueTask> release) : IFencedLease
{
    public string Name => name;

    public LeaseState State => isHeld() ? LeaseState.Held : LeaseState.Lost;

    public CancellationToken Lost => lost;

    public TimeSpan Remaining => TimeSpan.Zero;

    public FencingToken FencingToken => default;

    public ValueTask RenewAsync(CancellationToken cancellationToken = default) => default;

    public async ValueTask ReleaseAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await release();
        }
        catch (Exception exception) when (exception is not CoordinationException)
        {
            // Whatever it throws: which exceptions a library chooses is not what is compared.
            throw new CoordinationException(exception.Message, isTransient: true, exception);
        }
    }

    public ValueTask<string> DetachAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException("Peers hand nothing over.");

    public ValueTask DisposeAsync() => ReleaseAsync(CancellationToken.None);
}
