using Coordination.Leases;

namespace Coordination.Semaphores;

/// <summary>Leases on counted claims.</summary>
internal sealed class DistributedSemaphore(LeaseSource source) : IDistributedSemaphore
{
    private static readonly Func<Claim, ILease> Wrap = static claim => new Permit(claim);

    public string Name => source.Name;

    public int MaxCount => source.Template.Limit;

    public ValueTask<ILease> AcquireAsync(CancellationToken cancellationToken = default) =>
        source.AcquireAsync(Wrap, cancellationToken);

    public ValueTask<ILease?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        source.TryAcquireAsync(timeout, Wrap, cancellationToken);
}
