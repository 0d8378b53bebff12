namespace Coordination;

/// <summary>An election: candidates queue, one leads, and everybody can see who.</summary>
public interface ILeaderElection
{
    /// <summary>The resource's name.</summary>
    string Name { get; }

    /// <summary>The value that a campaign proclaims when it names none: the holder of the options.</summary>
    string Candidate { get; }

    /// <summary>Waits to be elected.</summary>
    /// <param name="value">What others see of this leader, such as its address: at most 32,768 bytes of UTF-8.</param>
    /// <param name="cancellationToken">Withdraws the candidacy, as in <see cref="IDistributedLock.AcquireAsync"/>.</param>
    /// <returns>The leadership. Dispose it to resign.</returns>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    ValueTask<ILeadership> CampaignAsync(string value, CancellationToken cancellationToken = default);

    /// <summary>Takes over a leadership that was given up with <see cref="IFencedLease.DetachAsync"/>.</summary>
    /// <returns>The same leadership with the same fencing token and value.</returns>
    /// <inheritdoc cref="IDistributedLock.AttachAsync" path="/param"/>
    /// <inheritdoc cref="IDistributedLock.AttachAsync" path="/exception"/>
    ValueTask<ILeadership> AttachAsync(string ticket, CancellationToken cancellationToken = default);

    /// <summary>Says who leads now. One round trip.</summary>
    /// <param name="cancellationToken">Ends the call; it is bounded by the operation timeout besides.</param>
    /// <returns>The leader, or <see langword="null"/> when nobody leads.</returns>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    ValueTask<Leader?> GetLeaderAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Follows the election: yields who leads now, then each change as it is seen. Changes that follow one another quickly
    /// may be seen as one; the last state is always seen. Transient faults of the server are waited out, not thrown.
    /// </summary>
    /// <param name="cancellationToken">Ends the observation.</param>
    /// <returns>The leaders, without end; <see langword="null"/> when nobody leads.</returns>
    /// <exception cref="CoordinationException">The backend refused for a reason that will not pass, such as a missing permission.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The coordinator was disposed.</exception>
    IAsyncEnumerable<Leader?> ObserveAsync(CancellationToken cancellationToken = default);
}
