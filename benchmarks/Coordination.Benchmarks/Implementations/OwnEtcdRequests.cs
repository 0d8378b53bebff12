using System.Runtime.CompilerServices;
using Coordination.Etcd;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Benchmarks.Implementations;

/// <summary>The etcd backend's own requests without the library around them, over its channel: what is above this is the engine's and the backend's cost.</summary>
internal sealed class OwnEtcdRequests(EtcdBackend backend) : IPair
{
    private readonly EtcdClaimKeys _keys = backend.Keys.Of("benchmark/own-requests", "7587a1b2c3d4e5f6-0");
    private readonly EtcdEpoch _epoch = new(backend.Keys.EpochOf(0x7587));

    private readonly ByteString _value = new EtcdValue(ClaimMode.Exclusive, 1, "a3c1f0d2b4e5968778695a", $"{Environment.MachineName}/{Environment.ProcessId}").Encode();
    private long _lease;

    public string Name => "Coordination's requests, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        var etcd = backend.Connection.Current.Kv;
        if (_lease == 0)
        {
            _lease = (await backend.Connection.Current.Lease.LeaseGrantAsync(new LeaseGrantRequest { TTL = 3600 })).ID;
        }

        using var claiming = etcd.TxnAsync(EtcdRequests.Enter(_keys, _value, _lease, _epoch, epoch: 0, isExclusive: true));
        var claimed = await claiming.ResponseAsync;
        using var releasing = etcd.DeleteRangeAsync(new DeleteRangeRequest { Key = _keys.Claim });
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
