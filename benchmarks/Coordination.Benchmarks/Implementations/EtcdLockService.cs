using System.Collections.Concurrent;
using Coordination.Benchmarks.Servers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using V3Lockpb;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// etcd's own lock service (v3lock), through its generated client. A lock belongs to a lease there, so each that waits at once has a lease of its own: made before it counts, and
/// for so long that it is hardly ever kept alive, which serves it best. Where a crash is measured, leases are short.
/// </summary>
internal sealed class EtcdLockService : ILockClient
{
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

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken)
    {
        if (!_leases.TryTake(out var lease))
        {
            throw new InvalidOperationException("More workers than leases.");
        }

        var client = new V3Lockpb.Lock.LockClient(_channel);
        try
        {
            var response = await client.LockAsync(new LockRequest { Name = ByteString.CopyFromUtf8(resource), Lease = lease.Id }, cancellationToken: cancellationToken);
            return new Held(this, client, response.Key, lease);
        }
        catch (RpcException exception) when (cancellationToken.IsCancellationRequested)
        {
            _leases.Add(lease);
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
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
