using Coordination.Leases;

namespace Coordination.Locks;

/// <summary>A lock, or one side of a reader-writer lock: leases on exclusive or shared claims.</summary>
internal sealed class DistributedLock(LeaseSource source) : IDistributedLock
{
    private static readonly Func<Claim, IFencedLease> Wrap = static claim => new FencedLease(claim);

    public string Name => source.Name;

    public ValueTask<IFencedLease> AcquireAsync(CancellationToken cancellationToken = default) =>
        source.AcquireAsync(Wrap, cancellationToken);

    public ValueTask<IFencedLease?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        source.TryAcquireAsync(timeout, Wrap, cancellationToken);

    public ValueTask<IFencedLease> AttachAsync(string ticket, CancellationToken cancellationToken = default) =>
        source.AttachAsync(ticket, Wrap, cancellationToken);
}

/// <summary>Shared and exclusive claims on one queue.</summary>
internal sealed class DistributedReaderWriterLock(IDistributedLock readLock, IDistributedLock writeLock) : IDistributedReaderWriterLock
{
    public string Name => ReadLock.Name;

    public IDistributedLock ReadLock { get; } = readLock;

    public IDistributedLock WriteLock { get; } = writeLock;
}
