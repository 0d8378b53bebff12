namespace Coordination;

/// <summary>What a caller holds while it is its turn. Disposing gives it back.</summary>
/// <remarks>All members may be used by several threads at once.</remarks>
public interface ILease : IAsyncDisposable
{
    /// <summary>The resource's name.</summary>
    string Name { get; }

    /// <summary>
    /// Whether the lease is held at this moment, worked out from the monotonic clock at the call: a starved thread pool
    /// cannot hide a loss. No round trip.
    /// </summary>
    LeaseState State { get; }

    /// <summary>
    /// Cancelled when holding can no longer be guaranteed, at least the safety margin before the server can give the
    /// resource to another; never by a release. Stop work when it fires.
    /// </summary>
    /// <remarks>Callbacks run on the thread pool and delay neither the renewal nor each other's leases.</remarks>
    CancellationToken Lost { get; }

    /// <summary>
    /// How long holding is guaranteed if no further renewal succeeds, until <see cref="Lost"/> would fire; zero when the lease is
    /// lost or released. No round trip.
    /// </summary>
    TimeSpan Remaining { get; }

    /// <summary>
    /// Renews now, with one round trip. A lease that renews itself is confirmed by it; one made with
    /// <see cref="LeaseOptions.AutoRenew"/> = <see langword="false"/> gets a full duration from now.
    /// </summary>
    /// <param name="cancellationToken">Ends the call; it is bounded by the operation timeout besides.</param>
    /// <exception cref="LeaseLostException">The lease is lost.</exception>
    /// <exception cref="InvalidOperationException">The lease was released.</exception>
    /// <exception cref="CoordinationException">The backend did not answer or refused; the lease goes on until its deadline.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask RenewAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives the lease back with one round trip. Calling it again is harmless. Once called the lease is no longer held, whatever
    /// the outcome; if the server could not be told, the library goes on trying in the background, at the longest until the
    /// claim has ended at the server by itself.
    /// </summary>
    /// <param name="cancellationToken">Ends the call, not the release, which goes on in the background.</param>
    /// <exception cref="LeaseLostException">The lease was lost before; the work done under it may have overlapped another's.</exception>
    /// <exception cref="CoordinationException">The server could not be told.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask ReleaseAsync(CancellationToken cancellationToken = default);
}

/// <summary>A lease with a fencing token: of a lock, of either side of a reader-writer lock, or of a leadership.</summary>
public interface IFencedLease : ILease
{
    /// <summary>
    /// Greater than the token of every earlier grant of the same name. Send it with each write, and let the store refuse tokens
    /// smaller than the greatest that it has seen: then a holder that was paused beyond its lease does no harm.
    /// </summary>
    FencingToken FencingToken { get; }

    /// <summary>
    /// Gives the lease up without releasing it, so that another process can take it over within one duration with
    /// <see cref="IDistributedLock.AttachAsync"/>: renews it once more (one round trip), then leaves it alone. If nobody attaches,
    /// it ends by itself.
    /// </summary>
    /// <param name="cancellationToken">Ends the call; it is bounded by the operation timeout besides.</param>
    /// <returns>The ticket: a short text to pass on. Whoever has it can take the lease over.</returns>
    /// <exception cref="InvalidOperationException">
    /// The lease was released or detached, or shares its session with others: only leases made with
    /// <see cref="LeaseOptions.AutoRenew"/> = <see langword="false"/>, and attached ones, have a session of their own that can move.
    /// </exception>
    /// <exception cref="LeaseLostException">The lease is lost.</exception>
    /// <exception cref="CoordinationException">The backend did not answer or refused; the lease is still held here.</exception>
    ValueTask<string> DetachAsync(CancellationToken cancellationToken = default);
}

/// <summary>The lease of an elected leader. Disposing resigns.</summary>
public interface ILeadership : IFencedLease
{
    /// <summary>Changes what others see of this leader, with one round trip.</summary>
    /// <param name="value">The new value: at most 32,768 bytes of UTF-8.</param>
    /// <param name="cancellationToken">Ends the call; it is bounded by the operation timeout besides.</param>
    /// <exception cref="ArgumentException">The value is null or too long.</exception>
    /// <exception cref="LeaseLostException">The leadership is lost.</exception>
    /// <exception cref="InvalidOperationException">The leader has resigned.</exception>
    /// <exception cref="CoordinationException">The backend did not answer or refused; the value may or may not have changed.</exception>
    ValueTask ProclaimAsync(string value, CancellationToken cancellationToken = default);
}
