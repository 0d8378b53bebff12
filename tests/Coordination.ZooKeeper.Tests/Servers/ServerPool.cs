using System.Collections.Concurrent;
using Coordination.ZooKeeper.Tests.Servers;

[assembly: AssemblyFixture(typeof(ServerPool))]

namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>Servers and ensembles that are used one class after the other: as many as there are classes at once, instead of one for each.</summary>
public sealed class ServerPool : IAsyncDisposable
{
    private readonly ConcurrentBag<ZooKeeperServerProcess> _servers = [];
    private readonly ConcurrentBag<ZooKeeperEnsemble> _ensembles = [];

    /// <summary>Takes a server that nobody uses, or starts one.</summary>
    public async Task<ZooKeeperServerProcess> TakeServerAsync()
    {
        if (!_servers.TryTake(out var server))
        {
            server = new ZooKeeperServerProcess();
            await server.StartAsync();
        }

        return server;
    }

    /// <summary>Takes an ensemble of three that nobody uses, or starts one.</summary>
    public async Task<ZooKeeperEnsemble> TakeEnsembleAsync() => _ensembles.TryTake(out var ensemble) ? ensemble : await ZooKeeperEnsemble.StartAsync();

    /// <summary>Gives back one that is whole.</summary>
    public void Return(ZooKeeperServerProcess server) => _servers.Add(server);

    /// <inheritdoc cref="Return(ZooKeeperServerProcess)"/>
    public void Return(ZooKeeperEnsemble ensemble) => _ensembles.Add(ensemble);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_servers.Select(static server => server.DisposeAsync().AsTask()));
        await Task.WhenAll(_ensembles.Select(static ensemble => ensemble.DisposeAsync().AsTask()));
    }
}
