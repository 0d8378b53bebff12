using Coordination.Conformance;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;
using static Coordination.ZooKeeper.Tests.Client.ClientServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>A create whose reply is lost makes its node once.</summary>
public sealed class ProtectedCreateTests(ClientServer server) : IClassFixture<ClientServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_whose_reply_is_lost_is_found_again()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var parent = await NodeAsync(cut.Client);
        var lost = cut.Proxy.LoseReplyOf(FaultProxy.Mentions("-n-"));
        var (path, stat) = await cut.Client.CreateProtectedAsync($"{parent}/n-", mode: ZooKeeperCreateMode.EphemeralSequential, cancellationToken: Token);
        await lost;
        Assert.EndsWith("-n-0000000000", path, StringComparison.Ordinal);
        Assert.Equal(cut.Client.SessionId, stat.EphemeralOwner);
        Assert.Equal(path, $"{parent}/{Assert.Single((await cut.Client.GetChildrenAsync(parent, cancellationToken: Token)).Names)}");
    }

    [Fact]
    public async Task A_node_that_was_not_made_is_made_on_the_next_connection()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var parent = await NodeAsync(cut.Client);
        cut.Proxy.DropToServer = true;
        var creating = cut.Client.CreateProtectedAsync($"{parent}/n-", mode: ZooKeeperCreateMode.EphemeralSequential, cancellationToken: Token);
        Assert.False(creating.IsCompleted);
        cut.Proxy.Reset();
        cut.Proxy.DropToServer = false;
        var (path, _) = await creating;
        Assert.Equal(path, $"{parent}/{Assert.Single((await cut.Client.GetChildrenAsync(parent, cancellationToken: Token)).Names)}");
    }

    [Fact]
    public async Task A_node_of_a_session_that_has_ended_is_not_taken_for_ones_own()
    {
        await using var cut = await CutClient.ConnectAsync(server, static options => options.ReconnectAfterLoss = true);
        await using var other = await server.ConnectAsync();
        var parent = await NodeAsync(other);
        var old = (Id: cut.Client.SessionId, Password: cut.Client.SessionPassword);
        var lost = cut.Proxy.LoseReplyOf(FaultProxy.Mentions("-n"));
        cut.Client.StateChanged += state =>
        {
            if (state == ZooKeeperState.Suspended)
            {
                cut.Proxy.Refuse();
            }
        };
        var creating = cut.Client.CreateProtectedAsync($"{parent}/n", mode: ZooKeeperCreateMode.Ephemeral, cancellationToken: Token);
        await lost;
        await cut.SeesAsync(ZooKeeperState.Suspended);
        await OtherConnection.EndSessionAsync(server.Server.EndPoint, old.Id, old.Password);
        cut.Proxy.Resume();

        // If its search for the node waited already, that has ended with the session. If not, it finds nothing and makes another.
        var made = 0;
        try
        {
            var (_, stat) = await creating;
            Assert.Equal(cut.Client.SessionId, stat.EphemeralOwner);
            made = 1;
        }
        catch (ZooKeeperException exception)
        {
            Assert.Equal(ZooKeeperErrorCode.SessionExpired, exception.ErrorCode);
        }

        await cut.SeesAsync(ZooKeeperState.Connected);
        Assert.NotEqual(old.Id, cut.Client.SessionId);
        Assert.Equal(made, (await other.GetChildrenAsync(parent, cancellationToken: Token)).Names.Count);
    }

    [Fact]
    public async Task A_cancelled_one_leaves_nothing_behind()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var parent = await NodeAsync(cut.Client);
        cut.Proxy.Pause();
        using var source = new CancellationTokenSource();
        var creating = cut.Client.CreateProtectedAsync($"{parent}/n-", mode: ZooKeeperCreateMode.EphemeralSequential, cancellationToken: source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => creating);
        cut.Proxy.Resume();

        // One was made and one deleted.
        while ((await cut.Client.ExistsAsync(parent, cancellationToken: Token))!.Value is { Cversion: < 2 })
        {
        }

        Assert.Empty((await cut.Client.GetChildrenAsync(parent, cancellationToken: Token)).Names);
    }
}
