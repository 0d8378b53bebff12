using System.Runtime.CompilerServices;

namespace Coordination.Benchmarks.Implementations;

/// <summary>Ours.</summary>
/// <param name="client">What it runs over; it is disposed of with this.</param>
internal sealed class CoordinationElection(CoordinationLock client) : IElectionClient
{
    public string Name => Catalog.Ours.Name;

    public async ValueTask<IAsyncDisposable> CampaignAsync(string election, string value, CancellationToken cancellationToken) =>
        await client.Coordinator.CreateLeaderElection(election).CampaignAsync(value, cancellationToken);

    public async IAsyncEnumerable<string?> ObserveAsync(string election, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var leader in client.Coordinator.CreateLeaderElection(election).ObserveAsync(cancellationToken))
        {
            yield return leader?.Value;
        }
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
