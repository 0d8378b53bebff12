using System.Runtime.CompilerServices;
using Coordination.Backends;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;

namespace Coordination.Etcd;

/// <summary>An etcd lease, and the claims under it.</summary>
internal sealed partial class EtcdSession : IBackendSession
{
    private readonly EtcdBackend _backend;
    private readonly long _lease;
    private readonly EtcdEpoch _epoch;
    private readonly EtcdKeepAlive _keepAlive;
    private readonly EtcdClaims _claims;
    private ISessionListener? _listener;

    /// <summary>Takes a lease that was granted.</summary>
    /// <param name="backend">Its backend.</param>
    /// <param name="lease">The lease.</param>
    /// <param name="duration">For how long it was granted.</param>
    /// <param name="listener">Who hears of its claims.</param>
    public EtcdSession(EtcdBackend backend, long lease, TimeSpan duration, ISessionListener listener)
    {
        _backend = backend;
        _lease = lease;
        _epoch = new EtcdEpoch(backend.Keys.EpochOf(lease));
        _claims = new EtcdClaims(backend.Keys, lease);
        _keepAlive = new EtcdKeepAlive(backend.Connection, lease, duration);
        _listener = listener;
        Duration = duration;
        backend.Opened();
    }

    /// <inheritdoc/>
    public TimeSpan Duration { get; }

    /// <summary>The lease.</summary>
    public long Lease => _lease;

    private EtcdKeys Keys => _backend.Keys;

    private EtcdConnection Connection => _backend.Connection;

    /// <summary>The session has taken a claim over.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="keys">Its key.</param>
    public void Adopt(ClaimKey claim, EtcdClaimKeys keys) => _claims.Adopt(claim.Id, keys);

    /// <summary>The key of a claim; one that is never there when the session does not have it any more.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="isHeld">Whether its lease is held. One that was handed over keeps its key.</param>
    /// <returns>The key.</returns>
    public ByteString KeyOf(ClaimKey claim, bool isHeld = true) => ((isHeld ? _claims.KeysOf(claim.Id) : null) ?? Keys.Of(claim.Resource, claim.Id)).Claim;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        if (request.Intent == ClaimIntent.FindExisting)
        {
            return await FindAsync(request.Key, cancellationToken).ConfigureAwait(false);
        }

        var id = request.Key.Id;
        var value = new EtcdValue(request.Mode, request.Limit, id, request.Value).Encode();
        if (!_claims.TryBegin(request.Key, request.Mode, request.Limit, out var epoch, out var keys))
        {
            return ClaimResult.Refused;
        }

        var isAnswered = false;
        var mayStand = false;
        try
        {
            var result = request.Intent == ClaimIntent.Queue
                ? await EnterAsync(request, keys, value, epoch, cancellationToken).ConfigureAwait(false)
                : await TryEnterAsync(request, keys, value, epoch, cancellationToken).ConfigureAwait(false);
            isAnswered = true;
            return result;
        }
        catch (CoordinationException exception) when (EtcdErrors.IsLeaseNotFound(exception))
        {
            isAnswered = true;
            return ClaimResult.SessionLost;
        }
        catch (CoordinationException exception) when (EtcdErrors.DidNothing(exception))
        {
            // The transaction that meets the quota is applied, and answered as if it were not.
            isAnswered = true;
            mayStand = EtcdErrors.IsOutOfSpace(exception);
            throw;
        }
        finally
        {
            _claims.End(id, isAnswered, mayStand);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        // Also after the disposal, which ends nothing at the server.
        cancellationToken.ThrowIfCancellationRequested();
        _backend.Watches.Forget(claim.Resource, claim.Id);
        if (!_claims.TryRelease(claim.Id, out var keys, out var mayComeLate, out var isMine))
        {
            return false;
        }

        try
        {
            if (isMine)
            {
                var deleted = await Connection.DeleteAsync(
                    new DeleteRangeRequest { Key = keys.Claim }, "release", claim.Resource, cancellationToken).ConfigureAwait(false);
                _claims.Released(claim.Id);
                return deleted.Deleted > 0;
            }

            return mayComeLate
                ? await ReleaseForGoodAsync(claim, keys, cancellationToken).ConfigureAwait(false)
                : await RemoveAsync(claim, keys, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (EtcdErrors.IsLeaseNotFound(exception))
        {
            // The session has ended, and the claim with it.
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        if (_claims.Look(claim.Id) is not { IsGranted: true } &&
            (await FindAsync(claim, cancellationToken).ConfigureAwait(false)).Outcome != ClaimOutcome.Granted)
        {
            return false;
        }

        if (_claims.Look(claim.Id) is not { } known || _claims.KeysOf(claim.Id) is not { } keys)
        {
            return false;
        }

        try
        {
            var stored = new EtcdValue(known.Mode, known.Limit, claim.Id, value).Encode();
            var response = await Connection.TransactAsync(
                EtcdRequests.SetValue(keys.Claim, stored, _lease, known.CreateRevision), "set the value of", claim.Resource, cancellationToken).ConfigureAwait(false);
            return response.Succeeded;
        }
        catch (CoordinationException exception) when (EtcdErrors.IsLeaseNotFound(exception))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        if (await _keepAlive.SendAsync(claim.Resource, cancellationToken).ConfigureAwait(false) <= TimeSpan.Zero)
        {
            return null;
        }

        var found = await FindAsync(claim, cancellationToken).ConfigureAwait(false);
        if (found.Outcome != ClaimOutcome.Granted || _claims.KeysOf(claim.Id) is not { } keys)
        {
            return null;
        }

        _claims.Offer(claim.Id);
        return new EtcdTicket(_lease, found.Token.Value, keys.Name, claim).ToString();
    }

    /// <inheritdoc/>
    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _backend.Watches.Forget(this);
        try
        {
            await Connection.RevokeAsync(new LeaseRevokeRequest { ID = _lease }, "end a session", cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (EtcdErrors.IsLeaseNotFound(exception))
        {
            // It has ended already.
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _listener, null) is not null)
        {
            _backend.Watches.Forget(this);
            _backend.Closed(this);
            _keepAlive.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The watch says that a claim's turn has come.</summary>
    public void Granted(string id, long createRevision)
    {
        if (_claims.TryGrant(id))
        {
            Volatile.Read(ref _listener)?.OnGranted(id, new FencingToken(createRevision));
        }
    }

    /// <summary>The watch says that a claim is gone, and it was not released here.</summary>
    public void ClaimLost(string id)
    {
        if (!_claims.TryLose(id))
        {
            _backend.Owes(this);
        }

        Volatile.Read(ref _listener)?.OnClaimLost(id);
    }

    /// <summary>Maintenance is due for this session.</summary>
    public void AskForMaintenance() => Volatile.Read(ref _listener)?.OnMaintenanceDue();

    /// <summary>Sees to it that nothing enters claims that nobody has any more.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns><see langword="false"/> when the server has no space for that now.</returns>
    public async ValueTask<bool> SettleAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (Volatile.Read(ref _listener) is not null && _claims.Owed(BatchSize / 2) is { Count: > 0 } owed)
            {
                var response = await Connection.TransactAsync(
                    EtcdRequests.Settle(owed.Select(static claim => claim.Keys.Claim), _lease, _epoch.Key), "settle claims", null, cancellationToken).ConfigureAwait(false);
                _claims.SetEpoch(response.Responses[^1].ResponseRange.Kvs[0].Version);
                owed.ForEach(claim => _claims.Released(claim.Id));
            }
        }
        catch (CoordinationException exception) when (EtcdErrors.IsLeaseNotFound(exception))
        {
            // The session has ended, and nothing can enter it.
        }
        catch (CoordinationException exception) when (EtcdErrors.IsOutOfSpace(exception))
        {
            return false;
        }

        return true;
    }

    private async ValueTask<bool> RemoveAsync(ClaimKey claim, EtcdClaimKeys keys, CancellationToken cancellationToken)
    {
        var response = await Connection.TransactAsync(
            EtcdRequests.Release(keys.Claim, _lease, epoch: null), "release", claim.Resource, cancellationToken).ConfigureAwait(false);
        _claims.Released(claim.Id);
        return response.Succeeded;
    }

    /// <summary>Releases a claim of which requests may be under way: none of them enters it after this.</summary>
    private async ValueTask<bool> ReleaseForGoodAsync(ClaimKey claim, EtcdClaimKeys keys, CancellationToken cancellationToken)
    {
        TxnResponse response;
        try
        {
            response = await Connection.TransactAsync(
                EtcdRequests.Release(keys.Claim, _lease, _epoch.Key), "release", claim.Resource, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException exception) when (EtcdErrors.IsOutOfSpace(exception))
        {
            // There is no space to begin an epoch, nor for a claim: none enters before there is again, and then the maintenance sees to it. (The one that meets the quota is done all the same,
            // epoch and all; it is then not known whether the claim was there.)
            response = await Connection.TransactAsync(
                EtcdRequests.Release(keys.Claim, _lease, epoch: null), "release", claim.Resource, cancellationToken).ConfigureAwait(false);
            _claims.Owe(claim.Id);
            _backend.Owes(this);
            return response.Succeeded;
        }

        _claims.SetEpoch(response.Responses[^1].ResponseRange.Kvs[0].Version);
        _claims.Released(claim.Id);
        return response.Succeeded;
    }

    private void Lose(ClaimKey claim)
    {
        _backend.Watches.Forget(claim.Resource, claim.Id);
        if (!_claims.TryLose(claim.Id))
        {
            _backend.Owes(this);
        }
    }

    private async ValueTask<ClaimResult> FindAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        if (_claims.KeysOf(claim.Id) is not { } keys)
        {
            return ClaimResult.Refused;
        }

        var response = await Connection.ReadAsync(
            new RangeRequest { Key = keys.Queue.Start, RangeEnd = keys.Queue.End }, "find the claim on", claim.Resource, cancellationToken).ConfigureAwait(false);
        var found = response.Kvs.FirstOrDefault(kv => kv.Key == keys.Claim);
        return found is null ? ClaimResult.Refused : Stands(claim, found, found.CreateRevision <= EtcdRequests.LastGranted(response.Kvs));
    }

    private ClaimResult Stands(ClaimKey claim, KeyValue kv, bool isGranted)
    {
        // Another's by now: it was detached and taken over.
        var value = EtcdValue.Decode(kv.Value, withValue: false);
        if (kv.Lease != _lease || value.Id != claim.Id)
        {
            return ClaimResult.Refused;
        }

        return Stands(claim, kv.CreateRevision, isGranted, value.Mode, value.Limit);
    }

    private ClaimResult Stands(ClaimKey claim, long createRevision, bool isGranted, ClaimMode mode, int limit)
    {
        if (!_claims.Stands(claim.Id, createRevision, isGranted, mode, limit))
        {
            return ClaimResult.Refused;
        }

        if (isGranted)
        {
            return ClaimResult.Granted(new FencingToken(createRevision));
        }

        if (Volatile.Read(ref _listener) is not null)
        {
            _backend.Watches.Wait(claim.Resource, new EtcdWaiter(this, claim.Id, createRevision));
            if (Volatile.Read(ref _listener) is null)
            {
                // Disposed meanwhile, perhaps before this waiter was there to be forgotten.
                _backend.Watches.Forget(this);
                _backend.SweepWatches();
            }
        }

        return ClaimResult.Waiting();
    }

    private void ThrowIfOver(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _listener) is null, this);
    }
}
