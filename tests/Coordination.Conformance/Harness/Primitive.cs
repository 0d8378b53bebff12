namespace Coordination.Conformance;

/// <summary>What a user can hold, so that one case can be told of all.</summary>
public enum Primitive
{
    Lock,
    ReadLock,
    WriteLock,
    Semaphore,
    Election,

    /// <summary>A lock whose lease is not renewed by itself.</summary>
    HandRenewed,
}

/// <summary>One way to speak to all primitives.</summary>
public static class Primitives
{
    /// <summary>All of them.</summary>
    public static TheoryData<Primitive> All => [.. Enum.GetValues<Primitive>()];

    /// <summary>Those whose leases are renewed by themselves.</summary>
    public static TheoryData<Primitive> Renewed => [.. Enum.GetValues<Primitive>().Where(primitive => primitive != Primitive.HandRenewed)];

    /// <summary>Those that can be tried without waiting for ever.</summary>
    public static TheoryData<Primitive> Tryable => [.. Enum.GetValues<Primitive>().Where(primitive => primitive != Primitive.Election)];

    /// <summary>Those with a token.</summary>
    public static TheoryData<Primitive> Fenced => [.. Enum.GetValues<Primitive>().Where(primitive => primitive != Primitive.Semaphore)];

    /// <summary>What excludes it on the same name: itself, or the other side of a reader-writer lock.</summary>
    public static Primitive Rival(Primitive primitive) => primitive switch
    {
        Primitive.ReadLock => Primitive.WriteLock,
        Primitive.WriteLock => Primitive.ReadLock,
        Primitive.HandRenewed => Primitive.Lock,
        _ => primitive,
    };

    public static async Task<ILease> AcquireAsync(
        this ICoordinator coordinator, Primitive primitive, string name, CancellationToken cancellationToken = default, LeaseOptions? options = null)
    {
        if (Lock(coordinator, primitive, name, options) is { } distributedLock)
        {
            return await distributedLock.AcquireAsync(cancellationToken);
        }

        return primitive == Primitive.Semaphore
            ? await coordinator.CreateSemaphore(name, 1, options).AcquireAsync(cancellationToken)
            : await coordinator.CreateLeaderElection(name, options).CampaignAsync(cancellationToken);
    }

    public static async Task<ILease?> TryAcquireAsync(
        this ICoordinator coordinator,
        Primitive primitive,
        string name,
        TimeSpan timeout,
        CancellationToken cancellationToken = default,
        LeaseOptions? options = null)
    {
        if (Lock(coordinator, primitive, name, options) is { } distributedLock)
        {
            return await distributedLock.TryAcquireAsync(timeout, cancellationToken);
        }

        return primitive == Primitive.Semaphore
            ? await coordinator.CreateSemaphore(name, 1, options).TryAcquireAsync(timeout, cancellationToken)
            : throw new ArgumentOutOfRangeException(nameof(primitive), primitive, "An election cannot be tried.");
    }

    private static IDistributedLock? Lock(ICoordinator coordinator, Primitive primitive, string name, LeaseOptions? options) => primitive switch
    {
        Primitive.Lock => coordinator.CreateLock(name, options),
        Primitive.ReadLock => coordinator.CreateReaderWriterLock(name, options).ReadLock,
        Primitive.WriteLock => coordinator.CreateReaderWriterLock(name, options).WriteLock,
        Primitive.HandRenewed => coordinator.CreateLock(name, (options ?? new LeaseOptions()) with { AutoRenew = false }),
        _ => null,
    };
}
