using System.Collections.Concurrent;
using Coordination.Etcd.Tests.Servers;

[assembly: AssemblyFixture(typeof(ClusterPool))]

namespace Coordination.Etcd.Tests.Servers;

/// <summary>Clusters of three that are used one class after the other: as many as there are classes at once, instead of one for each.</summary>
public sealed class ClusterPool : IAsyncDisposable
{
    private readonly ConcurrentBag<EtcdCluster> _idle = [];

    /// <summary>Takes one that nobody uses, or starts one.</summary>
    public Task<EtcdCluster> TakeAsync() => _idle.TryTake(out var cluster) ? Task.FromResult(cluster) : EtcdCluster.StartAsync();

    /// <summary>Gives one back that is whole.</summary>
    public void Return(EtcdCluster cluster) => _idle.Add(cluster);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_idle.TryTake(out var cluster))
        {
            await cluster.DisposeAsync();
        }
    }
}
