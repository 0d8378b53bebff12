using Coordination.Backends;

#pragma warning disable CA1816 // Releasing and detaching end a lease as much as disposing does.

namespace Coordination.Leases;

/// <summary>
/// What the caller holds. It refers to the claim, and the engine never to it: when it is forgotten, its finalizer gives the claim back.
/// </summary>
internal abstract class Lease(Claim claim) : ILease, IBackendLease
{
    protected Claim Held { get; } = claim;

    public string Name => Held.Key.Resource;

    public LeaseState State => Held.Session.StateOf(Held) switch
    {
        ClaimState.Held => LeaseState.Held,
        ClaimState.Lost => LeaseState.Lost,
        _ => LeaseState.Released,
    };

    public CancellationToken Lost => Held.Session.LostTokenOf(Held);

    public TimeSpan Remaining => Held.Session.RemainingOf(Held);

    ClaimKey IBackendLease.Claim => Held.Key;

    FencingToken IBackendLease.Token => Held.Token;

    IBackendSession IBackendLease.Session => Held.Session.Backend;

    public ValueTask RenewAsync(CancellationToken cancellationToken = default) => LeaseOperations.RenewAsync(Held, cancellationToken);

    public ValueTask ReleaseAsync(CancellationToken cancellationToken = default)
    {
        GC.SuppressFinalize(this);
        return LeaseOperations.ReleaseAsync(Held, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return LeaseOperations.DisposeAsync(Held);
    }

    /// <inheritdoc/>
    ~Lease() => ThreadPool.UnsafeQueueUserWorkItem(static claim => claim.Session.Leaked(claim), Held, preferLocal: false);
}

/// <summary>A semaphore's permit: a lease without a token to show.</summary>
internal sealed class Permit(Claim claim) : Lease(claim);

/// <summary>A lease with a fencing token.</summary>
internal class FencedLease(Claim claim) : Lease(claim), IFencedLease
{
    public FencingToken FencingToken => Held.Token;

    public async ValueTask<string> DetachAsync(CancellationToken cancellationToken = default)
    {
        var ticket = await LeaseOperations.DetachAsync(Held, cancellationToken).ConfigureAwait(false);
        GC.SuppressFinalize(this);
        return ticket;
    }
}

/// <summary>The lease of an elected leader.</summary>
internal sealed class Leadership(Claim claim) : FencedLease(claim), ILeadership
{
    public ValueTask ProclaimAsync(string value, CancellationToken cancellationToken = default)
    {
        LeaseTerms.CheckValue(value, nameof(value));
        return LeaseOperations.ProclaimAsync(Held, value, cancellationToken);
    }
}
