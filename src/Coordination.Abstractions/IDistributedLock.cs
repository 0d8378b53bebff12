namespace Coordination;

/// <summary>A lock shared by processes: at most one lease on it is held at a time.</summary>
/// <remarks>
/// Not reentrant: a caller that already holds the lock waits for itself. One instance serves many callers at once, each of
/// which takes its own place in the queue.
/// </remarks>
public interface IDistributedLock
{
    /// <summary>The resource's name.</summary>
    string Name { get; }

    /// <summary>Waits for the lock. One round trip when it is free; a waiter is woken when its turn comes and does not poll.</summary>
    /// <param name="cancellationToken">
    /// Gives up: the call ends at once, and its place in the queue is given back in the background.
    /// </param>
    /// <returns>The lease. Dispose it to release the lock.</returns>
    /// <exception cref="CoordinationException">
    /// The backend did not answer within the operation timeout, or refused. A waiter that is already queued outlasts outages
    /// that are shorter than its lease duration.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the exception carries it.</exception>
    /// <exception cref="ObjectDisposedException">The coordinator was disposed, before or during the call.</exception>
    ValueTask<IFencedLease> AcquireAsync(CancellationToken cancellationToken = default);

    /// <summary>Waits for the lock, but no longer than <paramref name="timeout"/>.</summary>
    /// <param name="timeout">
    /// How long to queue: from zero (one attempt, which never queues) to 24 days, or <see cref="Timeout.InfiniteTimeSpan"/>.
    /// It bounds the queueing, not the round trips: a call whose first request is not answered ends after the longer of this
    /// and the operation timeout, and one whose time is up tells the server so, for up to one second more.
    /// </param>
    /// <param name="cancellationToken">Gives up, as in <see cref="AcquireAsync"/>.</param>
    /// <returns>The lease, or <see langword="null"/> when others held the lock until the time was up.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is negative or too long.</exception>
    /// <inheritdoc cref="AcquireAsync" path="/exception"/>
    ValueTask<IFencedLease?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Takes over a lease that another process (or this one) gave up with <see cref="IFencedLease.DetachAsync"/>.</summary>
    /// <param name="ticket">What <see cref="IFencedLease.DetachAsync"/> returned.</param>
    /// <param name="cancellationToken">Ends the call; it is bounded by the operation timeout besides.</param>
    /// <returns>
    /// The same lease with the same fencing token, from now on kept by this process as the options of this lock say.
    /// </returns>
    /// <exception cref="ArgumentException">The ticket is not one, or belongs to another name, kind or backend.</exception>
    /// <exception cref="LeaseLostException">The lease had ended before it was attached.</exception>
    /// <inheritdoc cref="AcquireAsync" path="/exception"/>
    ValueTask<IFencedLease> AttachAsync(string ticket, CancellationToken cancellationToken = default);
}
