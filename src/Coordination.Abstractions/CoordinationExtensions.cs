namespace Coordination;

/// <summary>Shorter ways to say what the interfaces already say.</summary>
public static class CoordinationExtensions
{
    /// <summary>Waits for the lock, but no longer than <paramref name="timeout"/>, and throws when the time is up.</summary>
    /// <param name="distributedLock">The lock.</param>
    /// <param name="timeout">How long to queue, as in <see cref="IDistributedLock.TryAcquireAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The lease.</returns>
    /// <exception cref="TimeoutException">Others held the lock until the time was up. It never means that the server is out of reach.</exception>
    /// <inheritdoc cref="IDistributedLock.TryAcquireAsync" path="/exception"/>
    public static async ValueTask<IFencedLease> AcquireAsync(
        this IDistributedLock distributedLock, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(distributedLock);
        return await distributedLock.TryAcquireAsync(timeout, cancellationToken).ConfigureAwait(false)
            ?? throw QueueTimeout(distributedLock.Name, timeout);
    }

    /// <summary>Waits for a permit, but no longer than <paramref name="timeout"/>, and throws when the time is up.</summary>
    /// <param name="semaphore">The semaphore.</param>
    /// <param name="timeout">How long to queue, as in <see cref="IDistributedLock.TryAcquireAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The permit.</returns>
    /// <exception cref="TimeoutException">Others held all permits until the time was up. It never means that the server is out of reach.</exception>
    /// <inheritdoc cref="IDistributedLock.TryAcquireAsync" path="/exception"/>
    public static async ValueTask<ILease> AcquireAsync(
        this IDistributedSemaphore semaphore, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(semaphore);
        return await semaphore.TryAcquireAsync(timeout, cancellationToken).ConfigureAwait(false)
            ?? throw QueueTimeout(semaphore.Name, timeout);
    }

    /// <summary>Takes the lock if it is free now. One round trip, never queues.</summary>
    /// <param name="distributedLock">The lock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The lease, or <see langword="null"/> when others hold the lock or wait for it.</returns>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    public static ValueTask<IFencedLease?> TryAcquireAsync(
        this IDistributedLock distributedLock, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(distributedLock);
        return distributedLock.TryAcquireAsync(TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Takes a permit if one is free now. One round trip, never queues.</summary>
    /// <param name="semaphore">The semaphore.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The permit, or <see langword="null"/> when none is free or others wait.</returns>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    public static ValueTask<ILease?> TryAcquireAsync(
        this IDistributedSemaphore semaphore, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(semaphore);
        return semaphore.TryAcquireAsync(TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Waits to be elected, with <see cref="ILeaderElection.Candidate"/> as the value that others see.</summary>
    /// <param name="election">The election.</param>
    /// <param name="cancellationToken">Withdraws the candidacy.</param>
    /// <returns>The leadership.</returns>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    public static ValueTask<ILeadership> CampaignAsync(
        this ILeaderElection election, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(election);
        return election.CampaignAsync(election.Candidate, cancellationToken);
    }

    /// <summary>Runs an action under the lock: waits for it, runs, releases.</summary>
    /// <param name="distributedLock">The lock.</param>
    /// <param name="action">
    /// What to run. Its token is cancelled when <paramref name="cancellationToken"/> is, and when the lease is lost.
    /// </param>
    /// <param name="cancellationToken">Gives up the wait, and cancels the action.</param>
    /// <returns>A task that ends when the action has ended and the lock is released.</returns>
    /// <exception cref="LeaseLostException">The lease was lost and the action stopped for it.</exception>
    /// <inheritdoc cref="IDistributedLock.AcquireAsync" path="/exception"/>
    public static async ValueTask RunAsync(
        this IDistributedLock distributedLock,
        Func<IFencedLease, CancellationToken, ValueTask> action,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(action);
        await RunAsync(
            distributedLock,
            async (lease, token) =>
            {
                await action(lease, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a function under the lock: waits for it, runs, releases, and returns what the function returned.</summary>
    /// <typeparam name="TResult">What the function returns.</typeparam>
    /// <returns>The function's result.</returns>
    /// <inheritdoc cref="RunAsync(IDistributedLock, Func{IFencedLease, CancellationToken, ValueTask}, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="RunAsync(IDistributedLock, Func{IFencedLease, CancellationToken, ValueTask}, CancellationToken)" path="/exception"/>
    public static async ValueTask<TResult> RunAsync<TResult>(
        this IDistributedLock distributedLock,
        Func<IFencedLease, CancellationToken, ValueTask<TResult>> action,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(distributedLock);
        ArgumentNullException.ThrowIfNull(action);
        var lease = await distributedLock.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
            try
            {
                return await action(lease, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception)
                when (lease.State == LeaseState.Lost && !cancellationToken.IsCancellationRequested)
            {
                throw new LeaseLostException(
                    $"The lease on '{lease.Name}' was lost while its action ran; the action was cancelled. Run it again.", exception);
            }
            catch (OperationCanceledException exception)
                when (exception.CancellationToken == either.Token && cancellationToken.IsCancellationRequested)
            {
                // The token that the caller knows.
                throw new OperationCanceledException(exception.Message, exception, cancellationToken);
            }
        }
    }

    private static TimeoutException QueueTimeout(string name, TimeSpan timeout) =>
        new($"Others held '{name}' until the time-out of {timeout} was up.");
}
