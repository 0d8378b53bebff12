using System.Collections.Concurrent;
using Coordination.Benchmarks.Servers;
using Google.Protobuf;
using Grpc.Net.Client;
using V3Lockpb;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// etcd's own lock service (v3lock), through its generated client. A lock belongs to a lease there, so each that waits at once has a lease of its own: made before it counts, and
/// for so long that it is hardly ever kept alive, which serves it best. Where a crash is measured, leases are short.
/// </summary>
internal sealed class EtcdLockService : ILockClient
{
    /// <summary>Nobody waits so long here, unless the service is stuck.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly GrpcChannel _channel;
    private readonly ConcurrentBag<EtcdLease> _leases = [];

    private EtcdLockService(Uri address) => _channel = GrpcChannel.ForAddress(address);

    public static async Task<ILockClient> ConnectAsync(Store store, ClientSettings settings)
    {
        // It has no choice of members: the first, which leads.
        var service = new EtcdLockService(new Uri(settings.Connection.Split(',')[0]));
        for (var i = 0; i < settings.Workers; i++)
        {
            service._leases.Add(await EtcdLease.GrantAsync(service._channel, settings.LeaseOr(3600)));
        }

        return service;
    }

    /// <remarks>
    /// Who is cancelled waits for the lock all the same, and gives it back: when many requests that wait are aborted at once, the service gets stuck, and grants no lock any more
    /// (etcd issue 13336; seen with 3.4.23 after 63 of them).
    /// </remarks>
    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken)
    {
        if (!_leases.TryTake(out var lease))
        {
            throw new InvalidOperationException("More workers than leases.");
        }

        var client = new V3Lockpb.Lock.LockClient(_channel);
        var locking = client.LockAsync(new LockRequest { Name = ByteString.CopyFromUtf8(resource), Lease = lease.Id }, deadline: DateTime.UtcNow + Longest);
        var held = new Held(this, client, (await locking).Key, lease);
        if (cancellationToken.IsCancellationRequested)
        {
            await held.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }

        return held;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lease in _leases)
        {
            await lease.DisposeAsync();
        }

        _channel.Dispose();
    }

    private sealed class Held(EtcdLockService service, V3Lockpb.Lock.LockClient client, ByteString key, EtcdLease lease) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await client.UnlockAsync(new UnlockRequest { Key = key });
            service._leases.Add(lease);
        }
    }
}
