namespace Coordination.Backends;

/// <summary>
/// The liveness record that keeps a process's claims alive: an etcd lease, a ZooKeeper session, expiring entries in Redis.
/// </summary>
/// <remarks>
/// Disposing frees what the session holds locally, stops its hints, sends nothing that ends claims, and does not throw: what is left at the store ends by
/// itself within one duration. <see cref="EndAsync"/> is what ends a session at the store. A call that is made later, or is under way, may end with
/// <see cref="ObjectDisposedException"/>: the engine takes that for the end of the session.
/// </remarks>
public interface IBackendSession : IAsyncDisposable
{
    /// <summary>
    /// What the store granted, which may be more than what was asked for and never less: where a store caps it, opening the session fails with a fault
    /// that is not transient and names the cap. (A margin that fits what was asked for may exceed what was granted.) A session that goes on from a ticket may be as
    /// short as it was for whoever detached it, down to <see cref="SessionRequest.ShortestDuration"/>. Constant.
    /// </summary>
    TimeSpan Duration { get; }

    /// <summary>Enters a claim into its resource's queue, or asks how it stands. One round trip. It never waits for the claim's turn.</summary>
    /// <remarks>
    /// Idempotent by id: a request whose claim is there already answers how it stands and does not make a second one. An id whose claim
    /// expired, was released, was refused or was given up is used up for one duration: a late copy of its request is
    /// <see cref="ClaimOutcome.Refused"/>. (Otherwise it would make the claim anew, and an old grant that is still under way would be believed.) One
    /// exception: where claims have an expiry of their own (<see cref="ClaimResult.Remaining"/>), a late copy of a claim that was granted and then
    /// released may make it again, since nobody renews it and it ends within one duration.
    /// </remarks>
    /// <param name="request">The claim and what is asked of it.</param>
    /// <param name="cancellationToken">See <see cref="ICoordinationBackend"/>.</param>
    /// <returns>How the claim stands.</returns>
    ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a claim, granted or waiting, and sees to it that those behind it are granted what the rule allows. One round trip. See
    /// <i>late claims</i> in the remarks of <see cref="ICoordinationBackend"/>.
    /// </summary>
    /// <param name="claim">The claim. Never another session's.</param>
    /// <param name="cancellationToken">See <see cref="ICoordinationBackend"/>.</param>
    /// <returns><see langword="false"/> when it was not there.</returns>
    ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken);

    /// <summary>Changes the value of a granted claim. One round trip.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="value">The new value.</param>
    /// <param name="cancellationToken">See <see cref="ICoordinationBackend"/>.</param>
    /// <returns><see langword="false"/> when the claim was not there or is not granted.</returns>
    ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken);

    /// <summary>
    /// Renews the session and these claims, waiting ones too. The only thing that keeps claims alive: the backend sends no heartbeat of its
    /// own. The engine calls it about every third of the duration, one at a time, also without claims.
    /// </summary>
    /// <remarks>
    /// The round trips are constant or in batches of a fixed size that are sent together, never one per claim. The answer is per claim: where one part of the store
    /// did not answer, only its claims are <see cref="ClaimRenewalOutcome.Unconfirmed"/>; a claim that was deleted by force is
    /// <see cref="ClaimRenewalOutcome.Lost"/> alone, also where a late copy of its request has put it back behind others: one that was told
    /// to be granted and waits now is not the claim that was granted. If nothing answered, throw. A renewal never makes a claim that is not there.
    /// </remarks>
    /// <param name="claims">
    /// Claims that the engine has in this session, in no order: all that it keeps, or one that is renewed by itself. Nothing follows for those that are not
    /// named.
    /// </param>
    /// <param name="cancellationToken">See <see cref="ICoordinationBackend"/>.</param>
    /// <returns>
    /// What became of the session and of each claim. A named claim that is gone must be told, and one that waited and is granted: hints get lost, and
    /// waiters do not ask on their own unless <see cref="ClaimResult.RecheckAfter"/> said so.
    /// </returns>
    ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken);

    /// <summary>
    /// Renews the session and its only claim a last time, and marks it so that exactly one
    /// <see cref="ICoordinationBackend.OpenSessionAsync"/> with the ticket that this returns can take it over. Asking twice is harmless and returns the
    /// same ticket. The engine disposes the session afterwards.
    /// </summary>
    /// <param name="claim">The granted claim.</param>
    /// <param name="cancellationToken">See <see cref="ICoordinationBackend"/>.</param>
    /// <returns>The ticket, printable and without line breaks; <see langword="null"/> when the claim was not there or is not granted.</returns>
    ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken);

    /// <summary>Ends the session at the store, and with it its claims, at once; those behind them are granted what the rule allows.</summary>
    /// <param name="claims">The claims that the engine has in this session, for stores whose sessions are nothing but their claims.</param>
    /// <param name="cancellationToken">See <see cref="ICoordinationBackend"/>.</param>
    /// <returns>A task that ends when the store has confirmed.</returns>
    ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken);
}
