namespace Coordination;

/// <summary>
/// The way in: makes locks, reader-writer locks, semaphores and elections on one backend.
/// </summary>
/// <remarks>
/// <para>
/// One name is one queue. Whatever is made under a name (a lock, a semaphore, an election) stands in the same queue and
/// excludes the others as the rule of its kind says: give different things different names.
/// </para>
/// <para>
/// Names are case-sensitive, any Unicode without control characters, 1 to 512 bytes of UTF-8, and never collide
/// (<c>a/b</c> is another name than <c>a%2Fb</c>). The <c>Create</c> methods check their arguments, send nothing and cost
/// next to nothing; what they return holds no resources, needs no disposal and serves any number of callers at once.
/// </para>
/// </remarks>
public interface ICoordinator
{
    /// <summary>Makes a lock: one holder at a time.</summary>
    /// <param name="name">The resource's name: 1 to 512 bytes of UTF-8 without control characters.</param>
    /// <param name="options">How leases behave; what is <see langword="null"/> in it comes from the coordinator's options.</param>
    /// <returns>The lock. It is not reentrant.</returns>
    /// <exception cref="ArgumentException">The name or an option is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The coordinator was disposed.</exception>
    IDistributedLock CreateLock(string name, LeaseOptions? options = null);

    /// <summary>Makes a reader-writer lock: many readers, or one writer.</summary>
    /// <inheritdoc cref="CreateLock" path="/param"/>
    /// <inheritdoc cref="CreateLock" path="/exception"/>
    /// <returns>The pair of locks. On fair backends readers and writers take turns in order of arrival, so neither starves.</returns>
    IDistributedReaderWriterLock CreateReaderWriterLock(string name, LeaseOptions? options = null);

    /// <summary>Makes a semaphore: up to <paramref name="maxCount"/> holders at a time.</summary>
    /// <param name="name">The resource's name: 1 to 512 bytes of UTF-8 without control characters.</param>
    /// <param name="maxCount">
    /// How many permits there are: at least 1. All processes should pass the same number; while they differ, the smallest
    /// among those that hold a permit and the one that asks for one binds.
    /// </param>
    /// <param name="options">How leases behave; what is <see langword="null"/> in it comes from the coordinator's options.</param>
    /// <returns>The semaphore.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxCount"/> is less than 1.</exception>
    /// <inheritdoc cref="CreateLock" path="/exception"/>
    IDistributedSemaphore CreateSemaphore(string name, int maxCount, LeaseOptions? options = null);

    /// <summary>Makes a leader election: one leader at a time, with a value that everybody can see.</summary>
    /// <inheritdoc cref="CreateLock" path="/param"/>
    /// <inheritdoc cref="CreateLock" path="/exception"/>
    /// <returns>The election.</returns>
    ILeaderElection CreateLeaderElection(string name, LeaseOptions? options = null);

    /// <summary>
    /// Says who holds and who waits for a name now. One round trip. A look, not a decision: it may be outdated on arrival.
    /// </summary>
    /// <param name="name">The resource's name.</param>
    /// <param name="cancellationToken">Ends the call; it is bounded by the operation timeout besides.</param>
    /// <returns>Holders in the order of their grants, and waiters in the order in which they will be served.</returns>
    /// <exception cref="CoordinationException">The backend did not answer, or refused.</exception>
    /// <inheritdoc cref="CreateLock" path="/exception"/>
    ValueTask<ResourceStatus> InspectAsync(string name, CancellationToken cancellationToken = default);
}
