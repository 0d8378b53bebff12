namespace Coordination.Backends;

/// <summary>
/// One connection to a store that keeps queues of claims. What a new backend implements; applications use <see cref="ICoordinator"/>.
/// </summary>
/// <remarks>
/// <para>
/// The model: <b>a resource is a queue of claims; a claim is granted by a rule (<see cref="GrantRule"/>); a claim lives as long as
/// its session; a granted claim is a lease.</b> The engine owns time, the backend owns order. A backend answers short, idempotent
/// questions and raises hints. It never waits for a turn, sets a timer, retries, or sees a caller's time-out; its driver's own
/// I/O time-outs, pings and reconnects are its business. If a backend seems to need a timer, the SPI is wrong: say so.
/// </para>
/// <para>What every member of this namespace has in common:</para>
/// <list type="bullet">
/// <item><description>
/// <b>Cancellation.</b> The token carries the engine's operation timeout as well as the caller's token. A cancelled call ends
/// promptly with <see cref="OperationCanceledException"/>; what was sent may still be applied. The token is the call's alone: the engine reuses
/// its source for other requests. What outlives the call, such as a stream or a watch, must not keep it.
/// </description></item>
/// <item><description>
/// <b>Faults.</b> A fault of the store or of the way to it is a <see cref="CoordinationException"/> whose message names the backend, the
/// operation and the resource, with <see cref="CoordinationException.IsTransient"/> set truly: the engine retries transient faults
/// within the caller's time, and passes others on. After a fault the outcome is unknown, and the engine asks again with the same id.
/// </description></item>
/// <item><description><b>Threads.</b> All members may be called at once by many threads.</description></item>
/// <item><description>
/// <b>Late claims.</b> After <see cref="IBackendSession.ReleaseAsync"/> of a claim has returned, a request of that claim that is still
/// under way has no effect, or what it makes ends within one duration although its session goes on being renewed.
/// </description></item>
/// <item><description>
/// <b>Tokens</b> of one resource strictly increase in grant order, for good: across releases, expiry, idle periods, restarts.
/// </description></item>
/// </list>
/// <para>docs/write-a-backend.md walks through an implementation; the conformance suites say whether it is right.</para>
/// </remarks>
public interface ICoordinationBackend : IAsyncDisposable
{
    /// <summary>What this backend is called, promises and needs. Constant.</summary>
    BackendDescription Description { get; }

    /// <summary>
    /// Opens a session, or takes over a detached one when the request has a ticket. At most a few round trips; the engine does it once
    /// per duration and process, not per claim.
    /// </summary>
    /// <param name="request">The duration asked for, and the ticket.</param>
    /// <param name="listener">Receives hints until the session is disposed, possibly before this call has returned.</param>
    /// <param name="cancellationToken">See the remarks of this interface.</param>
    /// <returns>
    /// The session. Its liveness counts from before the call was made: opening it, or taking it over with its claim, is proof by itself, whatever
    /// <see cref="BackendDescription.Evidence"/> says of renewals.
    /// </returns>
    /// <exception cref="LeaseLostException">The session of the ticket has ended, or was taken over by another already.</exception>
    /// <exception cref="ArgumentException">The ticket is not one of this backend's.</exception>
    ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken);

    /// <summary>Says who holds and who waits now. One round trip where the store allows it.</summary>
    /// <param name="resource">The resource, as given by the user.</param>
    /// <param name="holdersOnly">Whether the waiters may be left out, which can make it cheaper.</param>
    /// <param name="cancellationToken">See the remarks of this interface.</param>
    /// <returns>The queue. Claims whose time is up do not appear in it.</returns>
    ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken);

    /// <summary>Watches a resource whose claims are announced (<see cref="ClaimRequest.Announce"/>).</summary>
    /// <param name="resource">The resource, as given by the user.</param>
    /// <param name="changed">
    /// A hint: inspect again. To be called after each change of the holders or of their values, and after each break of the connection;
    /// it may come late, twice or for nothing. It returns at once and does not throw.
    /// </param>
    /// <param name="cancellationToken">Ends the call, not the watch.</param>
    /// <returns>Ends the watch when disposed. A change that comes after this call has returned is told.</returns>
    ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken);

    /// <summary>
    /// Does what the backend owes and could not do in the call that caused it, such as releases that a part of the store did not answer.
    /// The engine calls it after the first session was opened, after <see cref="ISessionListener.OnMaintenanceDue"/>, and when the time that it returned is up;
    /// never twice at once.
    /// </summary>
    /// <param name="cancellationToken">See the remarks of this interface.</param>
    /// <returns>When to call again, or <see langword="null"/> when nothing is owed.</returns>
    ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken);
}
