using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>The servers that tests start do what tests expect of them.</summary>
public sealed class ServerTests
{
    [Fact]
    public async Task A_server_starts_again_with_its_data_and_counts_what_it_is_asked()
    {
        Missing.SkipWithoutZooKeeper();
        await using var server = new ZooKeeperServerProcess();
        await server.StartAsync();
        await CountsAsync();
        await server.FreezeAsync();
        await server.ResumeAsync();
        await server.KillAsync();
        await server.StartAsync();
        await CountsAsync();

        // What it was asked before it was ready it may not have counted: only differences tell.
        async Task CountsAsync()
        {
            var before = await server.CountRequestsAsync();
            Assert.Equal(before, await server.CountRequestsAsync());
            await using (var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = server.Address }))
            {
                await client.ConnectAsync(TestContext.Current.CancellationToken);
                await client.SyncAsync(cancellationToken: TestContext.Current.CancellationToken);
            }

            // A handshake, a request, and the end of the session.
            Assert.Equal(before + 3, await server.CountRequestsAsync());
        }
    }

    [Fact]
    public async Task An_ensemble_finds_a_new_leader_when_its_leader_dies()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartAsync();
        var leader = await ensemble.LeaderAsync();
        await leader.KillAsync();
        Assert.NotEqual(leader, await ensemble.LeaderAsync());
    }
}
