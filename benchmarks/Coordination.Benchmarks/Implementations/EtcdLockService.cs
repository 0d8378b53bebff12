using System.Collections.Concurrent;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Net.Client;
using V3Lockpb;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// etcd's own lock service (v3lock), through its generated client. A lock belongs to a lease there, so each that waits at once has a lease of its own: made before it counts, and
/// for so long that nobody has to keep it alive, which serves it best.
/// </summary>
internal sealed class EtcdLockService(Uri address) : ILockClient
{
    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(address);
    private readonly ConcurrentBag<long> _leases = [];

    /// <summary>Makes the leases.</summary>
    public async Task PrepareAsync(int workers)
    {
        var client = new Lease.LeaseClient(_channel);
        for (var i = 0; i < workers; i++)
        {
            _leases.Add((await client.LeaseGrantAsync(new LeaseGrantRequest { TTL = 3600 })).ID);
        }
    }

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource)
    {
        if (!_leases.TryTake(out var lease))
        {
            throw new InvalidOperationException("More workers than leases.");
        }

        var client = new V3Lockpb.Lock.LockClient(_channel);
        var response = await client.LockAsync(new LockRequest { Name = ByteString.CopyFromUtf8(resource), Lease = lease });
        return new Held(this, client, response.Key, lease);
    }

    public async ValueTask DisposeAsync()
    {
        var client = new Lease.LeaseClient(_channel);
        foreach (var lease in _leases)
        {
            await client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease });
        }

        _channel.Dispose();
    }

    private sealed class Held(EtcdLockService service, V3Lockpb.Lock.LockClient client, ByteString key, long lease) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await client.UnlockAsync(new UnlockRequest { Key = key });
            service._leases.Add(lease);
        }
    }
}
