using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Users and ACLs.</summary>
public sealed class AccessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_user_anybody_may_do_anything()
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = Run.Coordinator(server.Address);
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        Assert.Equal([new ZooKeeperAcl(ZooKeeperPermissions.All, "world", "anyone")], await AclOfAsync(server.Address, lease, null));
    }

    [Fact]
    public async Task With_a_user_what_is_made_is_that_users_alone()
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = new Coordinator(Backend(server.Address, "app"));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        await lease.RenewAsync(Token);
        var entry = Assert.Single(await AclOfAsync(server.Address, lease, "app"));
        Assert.Equal((ZooKeeperPermissions.All, "digest"), (entry.Permissions, entry.Scheme));

        // Another and nobody are told what is wrong, where, and what to do.
        foreach (var user in new[] { "other", null })
        {
            await using var stranger = new Coordinator(Backend(server.Address, user));
            var refused = await Assert.ThrowsAsync<CoordinationException>(async () => await stranger.CreateLock("x").AcquireAsync(Token));
            Assert.False(refused.IsTransient);
            Assert.Contains($"ZooKeeper at {server.Address} could not claim 'x': the ACL of '/coordination/x", refused.Message, StringComparison.Ordinal);
            Assert.Contains("UserName", refused.Message, StringComparison.Ordinal);
            var unseen = await Assert.ThrowsAsync<CoordinationException>(async () => await stranger.InspectAsync("x", Token));
            Assert.Contains("could not inspect 'x'", unseen.Message, StringComparison.Ordinal);
        }

        // A new connection proves anew who it is.
        var client = ((ZooKeeperSession)Run.SessionOf(lease)).Client;
        await OtherConnection.TakeConnectionAsync(server.EndPoint, client.SessionId, client.SessionPassword, timeout: 30_000);
        await Run.RenewAsync(lease);
        await using (await coordinator.CreateLock("y").AcquireAsync(Token))
        {
        }
    }

    [Fact]
    public async Task A_root_that_is_closed_refuses_claims_and_leaves_nothing_owed()
    {
        await using var server = await Run.ServerAsync();
        await using var client = await Admin.ConnectAsync(server.Address);
        await client.CreateAsync("/coordination", default, ZooKeeperCreateMode.Persistent, [new(ZooKeeperPermissions.Read, "world", "anyone")], cancellationToken: Token);
        await using var backend = ZooKeeperBackend.Create(server.Address);
        await using var session = await Run.OpenAsync(backend);
        var claim = Run.Exclusive("x");
        var refused = await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(claim, Token));
        Assert.False(refused.IsTransient);
        Assert.Contains("the ACL of '/coordination/x'", refused.Message, StringComparison.Ordinal);
        Assert.False(await session.ReleaseAsync(claim.Key, Token));
        Assert.Empty((await backend.InspectAsync("x", holdersOnly: false, Token)).Holders);
    }

    [Fact]
    public async Task An_ACL_of_ones_own_is_used_and_a_root_that_was_made_before_is_enough()
    {
        await using var server = await Run.ServerAsync();
        await using var client = await Admin.ConnectAsync(server.Address);
        await client.CreateAsync("/apps", cancellationToken: Token);
        await client.CreateAsync("/apps/one", cancellationToken: Token);
        await client.SetAclAsync("/apps", [new(ZooKeeperPermissions.Read, "world", "anyone")], cancellationToken: Token);
        await using var coordinator = new Coordinator(ZooKeeperBackend.Create(new ZooKeeperBackendOptions
        {
            ConnectionString = server.Address,
            RootPath = "/apps/one",
            Acl = "world:anyone:cdrw,ip:127.0.0.1:cdrwa",
        }));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        Assert.Equal(2, (await AclOfAsync(server.Address, lease, null)).Count);
    }

    [Fact]
    public async Task An_ACL_that_the_servers_do_not_know_is_told()
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = new Coordinator(ZooKeeperBackend.Create(new ZooKeeperBackendOptions { ConnectionString = server.Address, Acl = "auth::cdrwa" }));
        var refused = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.False(refused.IsTransient);
        Assert.Contains("refused the ACL", refused.Message, StringComparison.Ordinal);
    }

    private static ZooKeeperBackend Backend(string servers, string? user) => ZooKeeperBackend.Create(new ZooKeeperBackendOptions
    {
        ConnectionString = servers,
        UserName = user,
        Password = user is null ? null : $"secret of {user}",
    });

    private static async Task<IReadOnlyList<ZooKeeperAcl>> AclOfAsync(string servers, ILease lease, string? user)
    {
        await using var client = new ZooKeeperClient(new ZooKeeperClientOptions
        {
            ConnectionString = servers,
            Credentials = user is null ? [] : [ZooKeeperCredential.Digest(user, $"secret of {user}")],
        });
        await client.ConnectAsync(Token);
        return (await client.GetAclAsync(lease.ToZooKeeperCheck().Path, Token)).Acl;
    }
}
