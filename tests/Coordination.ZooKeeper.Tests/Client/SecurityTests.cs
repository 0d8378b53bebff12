using Coordination.ZooKeeper.Client;
using static Coordination.ZooKeeper.Tests.Client.ClientServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>Chroots, credentials and ACLs against a real server.</summary>
public sealed class SecurityTests(ClientServer server) : IClassFixture<ClientServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chroot_is_the_root_of_everything()
    {
        await using var outside = await server.ConnectAsync();
        var root = await NodeAsync(outside);
        await using var client = await server.ConnectAsync(options => options.ConnectionString += root);
        var seen = new List<ZooKeeperEvent>();
        await using var watch = await client.AddWatchAsync("/", ZooKeeperWatchMode.PersistentRecursive, seen.Add, Token);
        var (path, _) = await client.CreateAsync("/a", mode: ZooKeeperCreateMode.PersistentSequential, cancellationToken: Token);
        var results = await client.MultiAsync([ZooKeeperOperation.Create("/b"), ZooKeeperOperation.Check(path)], Token);
        await client.SyncAsync("/", Token);
        Assert.Equal("/a0000000000", path);
        Assert.Equal("/b", results[0].Path);
        Assert.NotNull(await outside.ExistsAsync(root + path, cancellationToken: Token));
        Assert.Equal(["/a0000000000", "/b"], seen.Select(static change => change.Path));
        Assert.Equal(2, (await client.GetChildrenAsync("/", cancellationToken: Token)).Names.Count);
    }

    [Fact]
    public async Task Credentials_open_what_the_ACL_keeps_from_others_and_are_sent_again_on_each_connection()
    {
        await using var cut = await CutClient.ConnectAsync(server, options =>
        {
            options.Credentials = [ZooKeeperCredential.Digest("me", "secret")];
            options.Acl = ZooKeeperAcl.CreatorAll;
        });
        await using var stranger = await server.ConnectAsync();
        var node = await NodeAsync(cut.Client);
        var entry = Assert.Single((await cut.Client.GetAclAsync(node, Token)).Acl);
        Assert.Equal((ZooKeeperPermissions.All, "digest"), (entry.Permissions, entry.Scheme));
        Assert.StartsWith("me:", entry.Id, StringComparison.Ordinal);
        Assert.Contains(await cut.Client.WhoAmIAsync(Token), static identity => identity.Scheme == "digest" && identity.User.StartsWith("me", StringComparison.Ordinal));
        foreach (var refused in (Func<Task>[])
        [
            () => stranger.GetDataAsync(node, cancellationToken: Token),
            () => stranger.CreateAsync($"{node}/x", cancellationToken: Token),
            () => stranger.SetAclAsync(node, ZooKeeperAcl.Open, cancellationToken: Token),
            () => stranger.MultiAsync([ZooKeeperOperation.Create($"{node}/x")], Token),
        ])
        {
            Assert.Equal(ZooKeeperErrorCode.NoAuth, (await Assert.ThrowsAsync<ZooKeeperException>(refused)).ErrorCode);
        }

        cut.Proxy.Reset();
        await cut.SeesAsync(ZooKeeperState.Connected, ZooKeeperState.Suspended, ZooKeeperState.Connected);
        await cut.Client.GetDataAsync(node, cancellationToken: Token);
        var changed = await cut.Client.SetAclAsync(node, ZooKeeperAcl.Open, 0, Token);
        Assert.Equal(1, changed.Aversion);
        await stranger.GetDataAsync(node, cancellationToken: Token);
    }

    [Fact]
    public async Task Credentials_that_a_server_refuses_are_told_and_end_the_client()
    {
        await using var client = server.Client(options => options.Credentials = [new ZooKeeperCredential("no-such-scheme", "x"u8.ToArray())]);
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.ConnectAsync(Token));
        Assert.Equal(ZooKeeperErrorCode.AuthFailed, exception.ErrorCode);
        Assert.Contains("no-such-scheme", exception.Message, StringComparison.Ordinal);
        Assert.Equal(ZooKeeperState.Lost, client.State);
        Assert.Equal(ZooKeeperErrorCode.AuthFailed, (await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token))).ErrorCode);
    }

    [Fact]
    public async Task A_client_without_credentials_cannot_make_nodes_for_their_owner_alone()
    {
        await using var client = await server.ConnectAsync(options => options.Acl = ZooKeeperAcl.CreatorAll);
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.CreateAsync("/none", cancellationToken: Token));
        Assert.Equal(ZooKeeperErrorCode.InvalidAcl, exception.ErrorCode);
    }
}
