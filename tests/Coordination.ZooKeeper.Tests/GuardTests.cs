using System.Text;
using Coordination.InMemory;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Writes of a user's own to the same ZooKeeper, conditional on a lease.</summary>
public sealed class GuardTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("/apps/one")]
    public async Task A_write_is_done_while_the_lease_is_held_and_refused_when_it_is_over_by_any_way(string chroot)
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = new Coordinator(ZooKeeperBackend.Create(server.Address + chroot));
        var @lock = coordinator.CreateLock("account/42");
        var lease = await @lock.AcquireAsync(Token);
        await using var client = await Admin.ConnectAsync(server.Address + chroot);
        await client.CreateAsync("/account", cancellationToken: Token);
        Assert.True(await WriteAsync(client, lease, "1"));
        await lease.RenewAsync(Token);
        Assert.True(await WriteAsync(client, lease, "2"));
        await lease.ReleaseAsync(Token);
        Assert.False(await WriteAsync(client, lease, "released"));

        // Another holds it: the first lease's writes stay refused, the second's are done.
        var second = await @lock.AcquireAsync(Token);
        Assert.False(await WriteAsync(client, lease, "former"));
        Assert.True(await WriteAsync(client, second, "3"));

        // Ended at the server behind its holder's back, who may not know yet.
        var check = second.ToZooKeeperCheck();
        await Admin.ExpireAsync(server, Run.SessionOf(second));
        Assert.False(await WriteAsync(client, check, "ended"));
        Assert.Equal("3"u8.ToArray(), (await client.GetDataAsync("/account", cancellationToken: Token)).Data);
    }

    [Fact]
    public async Task Leaderships_and_permits_guard_as_locks_do_and_a_proclamation_changes_nothing()
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = Run.Coordinator(server.Address);
        await using var client = await Admin.ConnectAsync(server.Address);
        await client.CreateAsync("/account", cancellationToken: Token);
        await using var leader = await coordinator.CreateLeaderElection("scheduler").CampaignAsync("me", Token);
        await leader.ProclaimAsync("still me", Token);
        Assert.True(await WriteAsync(client, leader, "leader"));
        var permit = await coordinator.CreateSemaphore("gateway", maxCount: 2).AcquireAsync(Token);
        Assert.True(await WriteAsync(client, permit, "permit"));
        await permit.ReleaseAsync(Token);
        Assert.False(await WriteAsync(client, permit, "former"));
    }

    [Fact]
    public async Task A_lease_of_another_backend_is_refused()
    {
        await using var coordinator = new Coordinator(new InMemoryServer().CreateBackend());
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        Assert.Throws<ArgumentException>("lease", () => lease.ToZooKeeperCheck());
        Assert.Throws<ArgumentNullException>("lease", () => ((ILease)null!).ToZooKeeperCheck());
    }

    private static Task<bool> WriteAsync(ZooKeeperClient client, ILease lease, string value) => WriteAsync(client, lease.ToZooKeeperCheck(), value);

    private static async Task<bool> WriteAsync(ZooKeeperClient client, ZooKeeperOperation check, string value)
    {
        try
        {
            await client.MultiAsync([check, ZooKeeperOperation.SetData("/account", Encoding.UTF8.GetBytes(value))], Token);
            return true;
        }
        catch (ZooKeeperException exception) when (exception is { ErrorCode: ZooKeeperErrorCode.NoNode, FailedOperation: 0 })
        {
            return false;
        }
    }
}
