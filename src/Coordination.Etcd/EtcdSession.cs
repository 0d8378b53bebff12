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
    private readonly ByteString _epoch;
    private readonly EtcdKeepAlive _keepAlive;
    private readonly EtcdClaims _claims = new();
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
        _epoch = backend.Keys.EpochOf(lease);
        _keepAlive = new EtcdKeepAlive(backend.Connection, lease);
        _listener = listener;
        Duration = duration;
    }

    /// <inheritdoc/>
    public TimeSpan Duration { get; }

    /// <summary>The lease.</summary>
    public long Lease => _lease;

    /// <summary>The names of its keys.</summary>
    public EtcdKeys Keys => _backend.Keys;

    private EtcdConnection Connection => _backend.Connection;

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
        var keys = new EtcdClaimKeys(Keys.Of(request.Key), Keys.QueueOf(request.Key.Resource), _epoch);
        var value = new EtcdValue(request.Mode, request.Limit, request.Value).Encode();
        if (!_claims.TryBegin(id, request.Mode, request.Limit, out var epoch))
        {
            return ClaimResult.Refused;
        }

        var isAnswered = false;
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
        finally
        {
            _claims.End(id, isAnswered);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        // Also after the disposal, which ends nothing at the server.
        cancellationToken.ThrowIfCancellationRequested();
        _backend.Watches.Forget(claim.Resource, claim.Id);
        var mayComeLate = _claims.Release(claim.Id);
        try
        {
            var response = await Connection.TransactAsync(
                EtcdRequests.Release(Keys.Of(claim), _lease, mayComeLate ? _epoch : null), "release", claim.Resource, cancellationToken).ConfigureAwait(false);
            if (mayComeLate)
            {
                _claims.SetEpoch(response.Responses[^1].ResponseRange.Kvs[0].Version);
            }

            _claims.Forget(claim.Id);
            return response.Succeeded;
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

        if (_claims.Look(claim.Id) is not { } known)
        {
            return false;
        }

        try
        {
            var stored = new EtcdValue(known.Mode, known.Limit, value).Encode();
            var response = await Connection.TransactAsync(
                EtcdRequests.SetValue(Keys.Of(claim), stored, _lease, known.CreateRevision), "set the value of", claim.Resource, cancellationToken).ConfigureAwait(false);
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
        return found.Outcome == ClaimOutcome.Granted ? new EtcdTicket(_lease, found.Token.Value, claim).ToString() : null;
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
            _backend.Watches.Sweep();
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
        _claims.Forget(id);
        Volatile.Read(ref _listener)?.OnClaimLost(id);
    }

    private async ValueTask<ClaimResult> FindAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        var queue = Keys.QueueOf(claim.Resource);
        var response = await Connection.ReadAsync(
            new RangeRequest { Key = queue.Start, RangeEnd = queue.End }, "find the claim on", claim.Resource, cancellationToken).ConfigureAwait(false);
        var key = Keys.Of(claim);
        var found = response.Kvs.FirstOrDefault(kv => kv.Key == key);
        return found is null ? ClaimResult.Refused : Stands(claim, found, EtcdRequests.IsGranted(response.Kvs, key));
    }

    private ClaimResult Stands(ClaimKey claim, KeyValue kv, bool isGranted)
    {
        // Another's by now: it was detached and taken over.
        if (kv.Lease != _lease)
        {
            return ClaimResult.Refused;
        }

        var value = EtcdValue.Decode(kv.Value, withValue: false);
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
        }

        return ClaimResult.Waiting();
    }

    private void ThrowIfOver(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _listener) is null, this);
    }
}
