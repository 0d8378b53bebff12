using Etcdserverpb;
using Grpc.Core;
using Grpc.Net.Client;

namespace Coordination.Benchmarks.Implementations;

/// <summary>A lease of etcd's own, as its services want one; kept alive every third of its time.</summary>
internal sealed class EtcdLease : IAsyncDisposable
{
    private readonly Lease.LeaseClient _client;
    private readonly CancellationTokenSource _end = new();
    private readonly TimeSpan _duration;
    private readonly Task _keptAlive;

    private EtcdLease(Lease.LeaseClient client, long id, TimeSpan duration)
    {
        _client = client;
        _duration = duration;
        Id = id;
        _keptAlive = KeepAliveAsync();
    }

    public long Id { get; }

    public static async Task<EtcdLease> GrantAsync(GrpcChannel channel, TimeSpan duration)
    {
        var client = new Lease.LeaseClient(channel);
        return new EtcdLease(client, (await client.LeaseGrantAsync(new LeaseGrantRequest { TTL = (long)Math.Ceiling(duration.TotalSeconds) })).ID, duration);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _keptAlive;
        await _client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = Id });
        _end.Dispose();
    }

    private async Task KeepAliveAsync()
    {
        try
        {
            using var stream = _client.LeaseKeepAlive(cancellationToken: _end.Token);
            while (true)
            {
                await stream.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = Id }, _end.Token);
                await stream.ResponseStream.MoveNext(_end.Token);
                await Task.Delay(_duration / 3, _end.Token);
            }
        }
        catch (Exception exception) when (_end.IsCancellationRequested && exception is OperationCanceledException or RpcException)
        {
            // The end.
        }
    }
}
