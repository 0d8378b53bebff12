using Coordination.Etcd;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Benchmarks.Implementations;

/// <summary>A transaction that makes a key under a lease unless it is there, and its removal.</summary>
internal sealed class RawEtcdLock(EtcdBackend backend, long lease) : RawPolling
{
    /// <summary>For so long that nobody has to keep it alive.</summary>
    private const int Seconds = 3600;

    public static async Task<ILockClient> ConnectAsync(string endpoints)
    {
        var backend = EtcdBackend.Create(endpoints);
        return new RawEtcdLock(backend, (await backend.Connection.Current.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = Seconds })).ID);
    }

    public override async ValueTask DisposeAsync()
    {
        await backend.Connection.Current.Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
        await backend.DisposeAsync();
    }

    protected override async ValueTask<IAsyncDisposable?> TryAcquireAsync(string resource)
    {
        var key = ByteString.CopyFromUtf8($"benchmark-raw/{resource}");
        var claimed = await backend.Connection.Current.Kv.TxnAsync(new TxnRequest
        {
            Compare = { new Compare { Key = key, Target = Compare.Types.CompareTarget.Create, Result = Compare.Types.CompareResult.Equal, CreateRevision = 0 } },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = key, Lease = lease } } },
        });
        return claimed.Succeeded ? new Held(() => backend.Connection.Current.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = key }).ResponseAsync) : null;
    }
}
