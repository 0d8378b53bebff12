using Coordination.Backends;
using Etcdserverpb;
using Mvccpb;

namespace Coordination.Etcd;

/// <content>Renewals.</content>
internal sealed partial class EtcdSession
{
    // etcd takes no more in one transaction (--max-txn-ops).
    private const int BatchSize = 128;

    /// <inheritdoc/>
    /// <remarks>One keep-alive, and beside it transactions of up to 128 questions: one for each granted claim, one for each resource that others wait for.</remarks>
    public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        _claims.DropOld(Duration);
        _backend.Watches.Sweep();
        var renewal = _keepAlive.SendAsync(claims.Count == 1 ? claims[0].Resource : null, cancellationToken).AsTask();
        var check = CheckAsync(claims, cancellationToken);
        try
        {
            await Task.WhenAll(renewal, check).ConfigureAwait(false);
        }
        catch (CoordinationException) when (renewal.IsCompletedSuccessfully)
        {
            // When the session has ended nothing else matters.
            if (await renewal.ConfigureAwait(false) > TimeSpan.Zero)
            {
                throw;
            }
        }

        var remaining = await renewal.ConfigureAwait(false);
        return remaining <= TimeSpan.Zero ? RenewalResult.SessionLost : RenewalResult.Renewed(remaining, await check.ConfigureAwait(false));
    }

    private async Task<List<ClaimRenewal>> CheckAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        var exceptions = new List<ClaimRenewal>();
        var questions = new List<(RequestOp Question, List<int> Claims, bool IsQueue)>();
        var queues = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var i = 0; i < claims.Count; i++)
        {
            if (_claims.KeysOf(claims[i].Id) is not { } keys)
            {
                exceptions.Add(new ClaimRenewal(i, ClaimRenewalOutcome.Lost));
            }
            else if (_claims.Look(claims[i].Id) is not { IsGranted: false })
            {
                questions.Add((EtcdRequests.Count(keys.Claim), [i], false));
            }
            else if (queues.TryGetValue(claims[i].Resource, out var waiting))
            {
                waiting.Add(i);
            }
            else
            {
                queues.Add(claims[i].Resource, waiting = [i]);
                questions.Add((EtcdRequests.Queue(keys.Queue), waiting, true));
            }
        }

        var batches = questions.Chunk(BatchSize).Select(async batch =>
        {
            var request = new TxnRequest();
            request.Success.AddRange(batch.Select(static question => question.Question));
            var resource = claims.Count == 1 ? claims[0].Resource : null;
            return (batch, await Connection.ReadAsync(request, "renew", resource, cancellationToken).ConfigureAwait(false));
        }).ToArray();
        foreach (var (batch, response) in await Task.WhenAll(batches).ConfigureAwait(false))
        {
            for (var i = 0; i < batch.Length; i++)
            {
                Take(claims, batch[i].Claims, batch[i].IsQueue, response.Responses[i].ResponseRange, exceptions);
            }
        }

        return exceptions;
    }

    private void Take(IReadOnlyList<ClaimKey> claims, List<int> asked, bool isQueue, RangeResponse answer, List<ClaimRenewal> exceptions)
    {
        if (!isQueue)
        {
            var index = asked[0];
            if (answer.Count == 0)
            {
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Lost));
            }
            else if (_claims.Look(claims[index].Id) is { HasWaited: true } known)
            {
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Granted, new FencingToken(known.CreateRevision)));
            }

            return;
        }

        var granted = new List<KeyValue>();
        EtcdRequests.Granted(answer.Kvs, granted);
        var present = answer.Kvs.ToDictionary(static kv => kv.Key);
        foreach (var index in asked)
        {
            var claim = claims[index];
            if (_claims.KeysOf(claim.Id) is not { } keys || !present.TryGetValue(keys.Claim, out var kv))
            {
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Lost));
            }
            else if (granted.Contains(kv))
            {
                _claims.TryGrant(claim.Id);
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Granted, new FencingToken(kv.CreateRevision)));
            }
        }
    }
}
