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
        catch (Exception exception) when (exception is CoordinationException or OperationCanceledException && renewal.IsCompletedSuccessfully)
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
        var questions = new List<Question>();
        var queues = new Dictionary<string, List<Asked>>(StringComparer.Ordinal);
        for (var i = 0; i < claims.Count; i++)
        {
            var known = _claims.Look(claims[i].Id);
            var asked = new Asked(i, known?.CreateRevision);
            if (_claims.KeysOf(claims[i].Id) is not { } keys)
            {
                exceptions.Add(new ClaimRenewal(i, ClaimRenewalOutcome.Lost));
            }
            else if (known is not { IsGranted: false })
            {
                questions.Add(new Question(EtcdRequests.Exists(keys.Claim), [asked], IsQueue: false));
            }
            else if (queues.TryGetValue(claims[i].Resource, out var waiting))
            {
                waiting.Add(asked);
            }
            else
            {
                queues.Add(claims[i].Resource, waiting = [asked]);
                questions.Add(new Question(EtcdRequests.Queue(keys.Queue), waiting, IsQueue: true));
            }
        }

        var batches = questions.Chunk(BatchSize).Select(async batch =>
        {
            var request = new TxnRequest();
            request.Success.AddRange(batch.Select(static question => question.Request));
            var resource = claims.Count == 1 ? claims[0].Resource : null;
            return (batch, await Connection.ReadAsync(request, "renew", resource, cancellationToken).ConfigureAwait(false));
        }).ToArray();
        foreach (var (batch, response) in await Task.WhenAll(batches).ConfigureAwait(false))
        {
            for (var i = 0; i < batch.Length; i++)
            {
                if (batch[i].IsQueue)
                {
                    TakeQueue(claims, batch[i].Claims, response.Responses[i].ResponseRange, exceptions);
                }
                else
                {
                    TakeOne(claims, batch[i].Claims[0], response.Responses[i].ResponseRange, exceptions);
                }
            }
        }

        return exceptions;
    }

    private void TakeOne(IReadOnlyList<ClaimKey> claims, Asked asked, RangeResponse answer, List<ClaimRenewal> exceptions)
    {
        if (answer.Kvs is not [var kv] || !asked.IsSame(kv))
        {
            Gone(claims, asked, exceptions);
        }
        else if (_claims.Look(claims[asked.Index].Id) is { HasWaited: true, IsGranted: true })
        {
            exceptions.Add(new ClaimRenewal(asked.Index, ClaimRenewalOutcome.Granted, new FencingToken(kv.CreateRevision)));
        }
    }

    private void TakeQueue(IReadOnlyList<ClaimKey> claims, List<Asked> waiting, RangeResponse answer, List<ClaimRenewal> exceptions)
    {
        var lastGranted = EtcdRequests.LastGranted(answer.Kvs);
        var present = answer.Kvs.ToDictionary(static kv => kv.Key);
        foreach (var asked in waiting)
        {
            var claim = claims[asked.Index];
            if (_claims.KeysOf(claim.Id) is not { } keys || !present.TryGetValue(keys.Claim, out var kv) || !asked.IsSame(kv))
            {
                Gone(claims, asked, exceptions);
            }
            else if (kv.CreateRevision <= lastGranted)
            {
                _claims.TryGrant(claim.Id);
                exceptions.Add(new ClaimRenewal(asked.Index, ClaimRenewalOutcome.Granted, new FencingToken(kv.CreateRevision)));
            }
        }
    }

    // One of which nothing was known when it was asked for may have been entered since.
    private void Gone(IReadOnlyList<ClaimKey> claims, Asked asked, List<ClaimRenewal> exceptions)
    {
        exceptions.Add(new ClaimRenewal(asked.Index, ClaimRenewalOutcome.Lost));
        if (asked.CreateRevision is not null)
        {
            Lose(claims[asked.Index]);
        }
    }

    /// <summary>A claim that was asked for.</summary>
    /// <param name="Index">Its place in the renewal.</param>
    /// <param name="CreateRevision">When it was entered, if that is known.</param>
    private readonly record struct Asked(int Index, long? CreateRevision)
    {
        /// <summary>
        /// Whether a key is the claim. After it was deleted by force a late copy of its request may have put it back, behind others: that is no claim of anybody's.
        /// </summary>
        public bool IsSame(KeyValue kv) => CreateRevision is null || kv.CreateRevision == CreateRevision;
    }

    private readonly record struct Question(RequestOp Request, List<Asked> Claims, bool IsQueue);
}
