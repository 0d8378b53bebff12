using System.Runtime.CompilerServices;
using Coordination.Etcd;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// The floor on etcd: a transaction that makes a key under a lease unless it is there, and its removal; over the channel of a backend of ours. No queue, no engine,
/// nothing against late or repeated requests.
/// </summary>
internal sealed class RawEtcd(EtcdBackend backend) : IPair
{
    private readonly ByteString _key = ByteString.CopyFromUtf8("coordination|benchmark/floor|a3c1f0d2b4e5968778695a");
    private readonly ByteString _value = ByteString.CopyFromUtf8($"x1:{Environment.MachineName}/{Environment.ProcessId}");
    private long _lease;

    public string Name => "txn + delete, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        var etcd = backend.Connection.Current.Kv;
        if (_lease == 0)
        {
            _lease = (await backend.Connection.Current.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 3600 })).ID;
        }

        using var claiming = etcd.TxnAsync(new TxnRequest
        {
            Compare = { new Compare { Key = _key, Target = Compare.Types.CompareTarget.Create, Result = Compare.Types.CompareResult.Equal, CreateRevision = 0 } },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = _key, Value = _value, Lease = _lease } } },
        });
        var claimed = await claiming.ResponseAsync;
        using var releasing = etcd.DeleteRangeAsync(new DeleteRangeRequest { Key = _key });
        if (!claimed.Succeeded || (await releasing.ResponseAsync).Deleted != 1)
        {
            throw new InvalidOperationException("Somebody else uses the benchmark's key.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_lease != 0)
        {
            await backend.Connection.Current.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = _lease });
        }
    }
}
