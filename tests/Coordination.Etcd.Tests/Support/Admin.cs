using Coordination.Backends;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Net.Client;
using Mvccpb;

namespace Coordination.Etcd.Tests.Support;

/// <summary>What an operator does by hand, past the backend.</summary>
public sealed class Admin : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly EtcdKeys _keys = new("coordination");

    public Admin(string address)
    {
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReconnectBackoff = TimeSpan.FromMilliseconds(100), InitialReconnectBackoff = TimeSpan.FromMilliseconds(20) });
        Kv = new KV.KVClient(_channel);
        Lease = new Lease.LeaseClient(_channel);
        Maintenance = new Maintenance.MaintenanceClient(_channel);
        Cluster = new Cluster.ClusterClient(_channel);
        Auth = new Auth.AuthClient(_channel);
    }

    public KV.KVClient Kv { get; }

    public Lease.LeaseClient Lease { get; }

    public Maintenance.MaintenanceClient Maintenance { get; }

    public Cluster.ClusterClient Cluster { get; }

    public Auth.AuthClient Auth { get; }

    /// <summary>Removes a claim.</summary>
    public async Task DeleteAsync(ClaimKey claim) =>
        Assert.Equal(1, (await Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = (await FindAsync(claim))!.Key })).Deleted);

    /// <summary>The lease that keeps a claim alive.</summary>
    public async Task<long> LeaseOfAsync(ClaimKey claim) =>
        (await FindAsync(claim))?.Lease ?? 0;

    /// <summary>Whether a claim is there.</summary>
    public async Task<bool> ExistsAsync(ClaimKey claim) => await LeaseOfAsync(claim) != 0;

    /// <summary>Ends the session of a claim.</summary>
    public async Task RevokeAsync(ClaimKey claim) =>
        await Lease.LeaseRevokeAsync(new LeaseRevokeRequest { ID = await LeaseOfAsync(claim) });

    /// <summary>Everything that is stored.</summary>
    public async Task<string[]> KeysAsync() =>
    [
        .. (await Kv.RangeAsync(new RangeRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), KeysOnly = true }))
            .Kvs.Select(static kv => kv.Key.ToStringUtf8()),
    ];

    public void Dispose() => _channel.Dispose();

    private async Task<KeyValue?> FindAsync(ClaimKey claim)
    {
        var queue = _keys.QueueOf(claim.Resource);
        return (await Kv.RangeAsync(new RangeRequest { Key = queue.Start, RangeEnd = queue.End })).Kvs
            .SingleOrDefault(kv => EtcdValue.Decode(kv.Value, withValue: false).Id == claim.Id);
    }
}
