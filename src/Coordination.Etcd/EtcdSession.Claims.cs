using System.Runtime.CompilerServices;
using Coordination.Backends;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Etcd;

/// <content>Entering claims.</content>
internal sealed partial class EtcdSession
{
    /// <summary>How often a transaction is sent again because the server did nothing, for what has changed meanwhile. It takes others to enter or leave at that very moment.</summary>
    private const int MaxRounds = 16;

    /// <summary>
    /// Enters a claim at the tail. One transaction. When it was there already, since the reply of another was lost, a reading more; and a transaction more each time that another claim's release
    /// has begun a new epoch.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ClaimResult> EnterAsync(
        ClaimRequest request, EtcdClaimKeys keys, ByteString value, long epoch, CancellationToken cancellationToken)
    {
        var isExclusive = request.Mode == ClaimMode.Exclusive;
        for (var round = 0; round < MaxRounds; round++)
        {
            var response = await Connection.TransactAsync(
                EtcdRequests.Enter(keys, value, _lease, _epoch, epoch, isExclusive), "claim", request.Key.Resource, cancellationToken).ConfigureAwait(false);
            if (response.Succeeded)
            {
                var queue = response.Responses[1].ResponseRange;
                var isGranted = isExclusive ? queue.Count == 1 : response.Header.Revision <= EtcdRequests.LastGranted(queue.Kvs);
                return Stands(request.Key, response.Header.Revision, isGranted, request.Mode, request.Limit);
            }

            var sentIn = epoch;
            if (TurnTo(request.Key, response.Responses[0], ref epoch) is { } end)
            {
                return end;
            }

            if (sentIn == epoch)
            {
                return await FindAsync(request.Key, cancellationToken).ConfigureAwait(false);
            }
        }

        throw Changing(request.Key.Resource);
    }

    /// <summary>
    /// Enters a claim only where it is granted. One transaction; two for a semaphore of which a part is taken: how many there are is more than a transaction can compare.
    /// </summary>
    private async ValueTask<ClaimResult> TryEnterAsync(
        ClaimRequest request, EtcdClaimKeys keys, ByteString value, long epoch, CancellationToken cancellationToken)
    {
        long? unchangedSince = null;
        for (var round = 0; round < MaxRounds; round++)
        {
            var transaction = request.Mode switch
            {
                ClaimMode.Exclusive => EtcdRequests.EnterIfFree(keys, value, _lease, _epoch, epoch, withQueue: false),
                ClaimMode.Shared => EtcdRequests.EnterIfShared(keys, value, _lease, _epoch, epoch),
                _ when unchangedSince is { } revision => EtcdRequests.EnterIfUnchanged(keys, value, _lease, _epoch, epoch, revision),
                _ => EtcdRequests.EnterIfFree(keys, value, _lease, _epoch, epoch, withQueue: true),
            };
            var response = await Connection.TransactAsync(transaction, "claim", request.Key.Resource, cancellationToken).ConfigureAwait(false);
            var answer = response;
            if (!answer.Succeeded && request.Mode == ClaimMode.Shared)
            {
                answer = response.Responses[0].ResponseTxn;
            }

            if (answer.Succeeded)
            {
                return Stands(request.Key, response.Header.Revision, isGranted: true, request.Mode, request.Limit);
            }

            if (answer.Responses[0].ResponseRange.Kvs is [_])
            {
                // A copy of this request came first.
                return await FindAsync(request.Key, cancellationToken).ConfigureAwait(false);
            }

            var sentIn = epoch;
            if (TurnTo(request.Key, answer.Responses[1], ref epoch) is { } end)
            {
                return end;
            }

            if (request.Mode == ClaimMode.Counted && EtcdRequests.WouldGrant(answer.Responses[2].ResponseRange.Kvs, request.Mode, request.Limit))
            {
                unchangedSince = response.Header.Revision;
            }
            else if (sentIn == epoch)
            {
                return ClaimResult.Refused;
            }
        }

        throw Changing(request.Key.Resource);
    }

    /// <summary>The server did not enter a claim: perhaps because of the epoch, which is learned from its answer.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="answer">The part of the answer that has the epoch.</param>
    /// <param name="epoch">The one in which it was sent; receives the one in which to send it again.</param>
    /// <returns>What it came to when it cannot be sent again: the claim was released meanwhile, or the session has ended.</returns>
    private ClaimResult? TurnTo(ClaimKey claim, ResponseOp answer, ref long epoch)
    {
        var now = answer.ResponseRange.Kvs is [var kv] ? kv.Version : 0;
        if (now < epoch)
        {
            // An epoch ends only with the lease, and takes all claims with it. (Unless somebody deleted it by hand, and then what is under way is not held off any more.)
            return ClaimResult.SessionLost;
        }

        _claims.SetEpoch(now);
        return _claims.TryRead(claim.Id, out epoch) ? null : ClaimResult.Refused;
    }

    private static CoordinationException Changing(string resource) => new(
        $"etcd could not claim '{resource}': others entered it, or left it, at each of {MaxRounds} attempts. Try again.", isTransient: true);
}
