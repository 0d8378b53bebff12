using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One process's way to elections.</summary>
internal interface IElectionClient : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Waits to be elected; disposing what comes resigns.</summary>
    ValueTask<IAsyncDisposable> CampaignAsync(string election, string value, CancellationToken cancellationToken);

    /// <summary>Follows the election: the leaders' values.</summary>
    IAsyncEnumerable<string?> ObserveAsync(string election, CancellationToken cancellationToken);
}

/// <summary>All that elect.</summary>
internal static class ElectionCatalog
{
    /// <summary>Those that run on a backend.</summary>
    public static IList<string> On(Backend backend) => backend.Store == Store.Etcd ? new[] { Catalog.Ours.Key, EtcdElectionService.Key } : [Catalog.Ours.Key];

    public static async Task<IElectionClient> ConnectAsync(ClientSettings settings) => settings.Implementation == EtcdElectionService.Key
        ? await EtcdElectionService.ConnectAsync(settings)
        : new CoordinationElection((CoordinationLock)await CoordinationLock.ConnectAsync(BackendCatalog.Find(settings.Backend).Store, settings));
}
