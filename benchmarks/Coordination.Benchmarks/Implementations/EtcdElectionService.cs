using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using V3Electionpb;

namespace Coordination.Benchmarks.Implementations;

/// <summary>etcd's own election service (v3election), through its generated client.</summary>
internal sealed class EtcdElectionService : IElectionClient
{
    public const string Key = "election-service";

    private readonly GrpcChannel _channel;
    private readonly EtcdLease _lease;
    private readonly Election.ElectionClient _client;

    private EtcdElectionService(GrpcChannel channel, EtcdLease lease)
    {
        _channel = channel;
        _lease = lease;
        _client = new Election.ElectionClient(channel);
    }

    public string Name => "etcd's election service";

    public static async Task<EtcdElectionService> ConnectAsync(ClientSettings settings)
    {
        var channel = GrpcChannel.ForAddress(settings.Connection.Split(',')[0]);
        return new EtcdElectionService(channel, await EtcdLease.GrantAsync(channel, settings.LeaseOr(30)));
    }

    public async ValueTask<IAsyncDisposable> CampaignAsync(string election, string value, CancellationToken cancellationToken)
    {
        var request = new CampaignRequest { Name = ByteString.CopyFromUtf8(election), Lease = _lease.Id, Value = ByteString.CopyFromUtf8(value) };
        var elected = await _client.CampaignAsync(request, cancellationToken: cancellationToken);
        return new Leadership(_client, elected.Leader);
    }

    public async IAsyncEnumerable<string?> ObserveAsync(string election, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stream = _client.Observe(new LeaderRequest { Name = ByteString.CopyFromUtf8(election) }, cancellationToken: cancellationToken);
        await foreach (var response in stream.ResponseStream.ReadAllAsync(cancellationToken))
        {
            yield return response.Kv?.Value.ToStringUtf8();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _lease.DisposeAsync();
        _channel.Dispose();
    }

    private sealed class Leadership(Election.ElectionClient client, LeaderKey leader) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await client.ResignAsync(new ResignRequest { Leader = leader });
    }
}
