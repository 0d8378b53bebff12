namespace Coordination;

/// <summary>A semaphore shared by processes: at most <see cref="MaxCount"/> permits are held at a time.</summary>
/// <remarks>
/// Permits have no fencing token: several are valid at once, and a store that refuses smaller tokens would refuse live holders.
/// </remarks>
public interface IDistributedSemaphore
{
    /// <summary>The resource's name.</summary>
    string Name { get; }

    /// <summary>How many permits there are.</summary>
    int MaxCount { get; }

    /// <summary>Waits for a permit.</summary>
    /// <returns>The permit. Dispose it to give it back.</returns>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/param"/>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    ValueTask<ILease> AcquireAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits for a permit, but no longer than <paramref name="timeout"/>.</summary>
    /// <returns>The permit, or <see langword="null"/> when others held all of them until the time was up.</returns>
    /// <inheritdoc cref="IDistributedLock.TryAcquireAsync" path="/param"/>
    /// <inheritdoc cref="IDistributedLock.TryAcquireAsync" path="/exception"/>
    ValueTask<ILease?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default);
}
