using Coordination.Backends;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;

namespace Coordination.Etcd;

/// <summary>The transactions of this backend, and how their replies are read.</summary>
internal static class EtcdRequests
{
    /// <summary>
    /// Enters a claim, unless it is there or the session's epoch is another, and reads the queue: of an exclusive claim only how many stand in it, since all but itself are ahead of it. The reply's
    /// parts: the put and the queue; or the epoch.
    /// </summary>
    public static TxnRequest Enter(in EtcdClaimKeys keys, ByteString value, long lease, EtcdEpoch session, long epoch, bool isExclusive) => new()
    {
        Compare = { IsAbsent(keys.Claim), session.Is(epoch) },
        Success = { Put(keys.Claim, value, lease), Queue(keys.Queue, countOnly: isExclusive) },
        Failure = { session.Get },
    };

    /// <summary>
    /// Enters a claim if its queue is empty, and nothing otherwise. The reply's parts when it was not entered: the claim, the epoch, and with <paramref name="withQueue"/> the queue.
    /// </summary>
    public static TxnRequest EnterIfFree(in EtcdClaimKeys keys, ByteString value, long lease, EtcdEpoch session, long epoch, bool withQueue)
    {
        var request = new TxnRequest
        {
            Compare = { IsEmpty(keys.Queue), session.Is(epoch) },
            Success = { Put(keys.Claim, value, lease) },
            Failure = { Get(keys.Claim), session.Get },
        };
        if (withQueue)
        {
            request.Failure.Add(Queue(keys.Queue));
        }

        return request;
    }

    /// <summary>Enters a shared claim if nothing but shared ones are there. Its reply is that of <see cref="EnterIfFree"/>, or one part that has it.</summary>
    public static TxnRequest EnterIfShared(in EtcdClaimKeys keys, ByteString value, long lease, EtcdEpoch session, long epoch)
    {
        // A comparison of values holds for none where there are none: that is the second question.
        var range = keys.Queue;
        return new TxnRequest
        {
            Compare =
            {
                IsAbsent(keys.Claim),
                session.Is(epoch),
                OfValues(range, Compare.Types.CompareResult.Greater, EtcdValue.BeforeShared),
                OfValues(range, Compare.Types.CompareResult.Less, EtcdValue.AfterShared),
            },
            Success = { Put(keys.Claim, value, lease) },
            Failure = { new RequestOp { RequestTxn = EnterIfFree(keys, value, lease, session, epoch, withQueue: false) } },
        };
    }

    /// <summary>Enters a claim if nobody has entered the queue after a revision. Its reply is that of <see cref="EnterIfFree"/> with the queue.</summary>
    public static TxnRequest EnterIfUnchanged(in EtcdClaimKeys keys, ByteString value, long lease, EtcdEpoch session, long epoch, long revision)
    {
        var request = EnterIfFree(keys, value, lease, session, epoch, withQueue: true);
        request.Compare[0] = new Compare
        {
            Key = keys.Queue.Start,
            RangeEnd = keys.Queue.End,
            Target = Compare.Types.CompareTarget.Create,
            Result = Compare.Types.CompareResult.Less,
            CreateRevision = revision + 1,
        };
        return request;
    }

    /// <summary>Removes a claim that the lease keeps. With an epoch it also sees to it that requests under way enter nothing any more; its version is the reply's last part.</summary>
    public static TxnRequest Release(ByteString claim, long lease, ByteString? epoch)
    {
        var request = new TxnRequest
        {
            Compare = { HasLease(claim, lease) },
            Success = { new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = claim } } },
        };
        if (epoch is not null)
        {
            request.Success.Add([Put(epoch, ByteString.Empty, lease), Get(epoch)]);
            request.Failure.Add([Put(epoch, ByteString.Empty, lease), Get(epoch)]);
        }

        return request;
    }

    /// <summary>Changes the value of a claim.</summary>
    public static TxnRequest SetValue(ByteString claim, ByteString value, long lease, long createRevision) => new()
    {
        Compare = { IsMadeAt(claim, createRevision), HasLease(claim, lease) },
        Success = { Put(claim, value, lease) },
    };

    /// <summary>Gives a claim to another lease; otherwise reads it.</summary>
    public static TxnRequest Move(ByteString claim, long createRevision, long from, long to) => new()
    {
        Compare = { IsMadeAt(claim, createRevision), HasLease(claim, from) },
        Success = { new RequestOp { RequestPut = new PutRequest { Key = claim, IgnoreValue = true, Lease = to } } },
        Failure = { Get(claim) },
    };

    /// <summary>Whether a key is there, and since when.</summary>
    public static RequestOp Exists(ByteString key) => new() { RequestRange = new RangeRequest { Key = key, KeysOnly = true } };

    /// <summary>A queue: all of it in no order, or only how many stand in it.</summary>
    public static RequestOp Queue(in EtcdRange range, bool countOnly = false) =>
        new() { RequestRange = new RangeRequest { Key = range.Start, RangeEnd = range.End, CountOnly = countOnly } };

    /// <summary>Whether a key was made at a revision and is still there.</summary>
    public static Compare IsMadeAt(ByteString key, long revision) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Create,
        Result = Compare.Types.CompareResult.Equal,
        CreateRevision = revision,
    };

    /// <summary>Sees to it that requests under way enter nothing any more, and removes what they have entered. The epoch's version is the reply's last part.</summary>
    public static TxnRequest Settle(IEnumerable<ByteString> claims, long lease, ByteString epoch)
    {
        var request = new TxnRequest();
        request.Success.AddRange(claims.Select(claim => new RequestOp { RequestTxn = Release(claim, lease, epoch: null) }));
        request.Success.Add([Put(epoch, ByteString.Empty, lease), Get(epoch)]);
        return request;
    }

    /// <summary>Up to where a queue is granted: its front, in the order of the tokens, as far as the rule allows.</summary>
    /// <param name="kvs">The queue.</param>
    /// <returns>The token of the last that is granted; 0 when none is.</returns>
    public static long LastGranted(IEnumerable<KeyValue> kvs)
    {
        var rule = new GrantRule();
        var last = 0L;
        foreach (var kv in kvs.OrderBy(static kv => kv.CreateRevision))
        {
            var value = EtcdValue.Decode(kv.Value, withValue: false);
            if (!rule.TryGrant(value.Mode, value.Limit))
            {
                break;
            }

            last = kv.CreateRevision;
        }

        return last;
    }

    /// <summary>Whether a claim would be granted behind a queue.</summary>
    public static bool WouldGrant(IReadOnlyCollection<KeyValue> kvs, ClaimMode mode, int limit)
    {
        var rule = new GrantRule();
        foreach (var kv in kvs.OrderBy(static kv => kv.CreateRevision))
        {
            var value = EtcdValue.Decode(kv.Value, withValue: false);
            if (!rule.TryGrant(value.Mode, value.Limit))
            {
                return false;
            }
        }

        return rule.TryGrant(mode, limit);
    }

    private static RequestOp Put(ByteString key, ByteString value, long lease) => new() { RequestPut = new PutRequest { Key = key, Value = value, Lease = lease } };

    /// <summary>Reads a key.</summary>
    public static RequestOp Get(ByteString key) => new() { RequestRange = new RangeRequest { Key = key } };

    private static Compare IsAbsent(ByteString key) => IsMadeAt(key, 0);

    /// <summary>Whether a key has been written so often since it was made; 0 when it is not there.</summary>
    public static Compare HasVersion(ByteString key, long version) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Version,
        Result = Compare.Types.CompareResult.Equal,
        Version = version,
    };

    private static Compare HasLease(ByteString key, long lease) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Lease,
        Result = Compare.Types.CompareResult.Equal,
        Lease = lease,
    };

    private static Compare IsEmpty(in EtcdRange range) => new()
    {
        Key = range.Start,
        RangeEnd = range.End,
        Target = Compare.Types.CompareTarget.Version,
        Result = Compare.Types.CompareResult.Equal,
        Version = 0,
    };

    private static Compare OfValues(in EtcdRange range, Compare.Types.CompareResult result, ByteString value) => new()
    {
        Key = range.Start,
        RangeEnd = range.End,
        Target = Compare.Types.CompareTarget.Value,
        Result = result,
        Value = value,
    };
}
