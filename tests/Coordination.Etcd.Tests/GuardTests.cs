using Coordination.Backends;
using Coordination.Etcd.Tests.Support;
using Coordination.InMemory;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Etcd.Tests;

/// <summary>Writes of a user's own to the same etcd, conditional on a lease.</summary>
public sealed class GuardTests
{
    private static readonly ByteString Account = ByteString.CopyFromUtf8("app/account/42");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_is_done_while_the_lease_is_held_and_refused_when_it_is_over_by_any_way()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var coordinator = new Coordinator(EtcdBackend.Create(server.Address));
        var @lock = coordinator.CreateLock("account/42");

        var lease = await @lock.AcquireAsync(Token);
        Assert.True(await WriteAsync(admin, lease, "1"));
        await lease.RenewAsync(Token);
        Assert.True(await WriteAsync(admin, lease, "2"));
        await lease.ReleaseAsync(Token);
        Assert.False(await WriteAsync(admin, lease, "released"));

        // Another holds it: the first lease's writes stay refused, the second's are done.
        var second = await @lock.AcquireAsync(Token);
        Assert.False(await WriteAsync(admin, lease, "former"));
        Assert.True(await WriteAsync(admin, second, "3"));

        // Ended at the server behind its holder's back, who does not know yet.
        var claim = ((IBackendLease)second).Claim;
        await admin.RevokeAsync(claim);
        Assert.False(await WriteAsync(admin, second, "revoked"));
        Assert.Equal("3", (await admin.Kv.RangeAsync(new RangeRequest { Key = Account })).Kvs[0].Value.ToStringUtf8());
    }

    [Fact]
    public async Task Leaderships_and_permits_guard_as_locks_do_and_a_proclamation_changes_nothing()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var coordinator = new Coordinator(EtcdBackend.Create(server.Address));
        await using var leader = await coordinator.CreateLeaderElection("scheduler").CampaignAsync("me", Token);
        await leader.ProclaimAsync("still me", Token);
        Assert.True(await WriteAsync(admin, leader, "leader"));
        var permit = await coordinator.CreateSemaphore("gateway", maxCount: 2).AcquireAsync(Token);
        Assert.True(await WriteAsync(admin, permit, "permit"));
        await permit.ReleaseAsync(Token);
        Assert.False(await WriteAsync(admin, permit, "former"));
    }

    [Fact]
    public async Task A_lease_that_was_handed_over_guards_only_for_who_has_it_now()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var coordinator = new Coordinator(EtcdBackend.Create(server.Address));
        var @lock = coordinator.CreateLock("account/42", new LeaseOptions { AutoRenew = false });
        var lease = await @lock.AcquireAsync(Token);
        var ticket = await lease.DetachAsync(Token);
        Assert.False(await WriteAsync(admin, lease, "handed over"));
        await using var taken = await @lock.AttachAsync(ticket, Token);
        Assert.True(await WriteAsync(admin, taken, "1"));
        Assert.False(await WriteAsync(admin, lease, "former"));
    }

    [Fact]
    public async Task A_lease_of_another_backend_is_refused()
    {
        await using var coordinator = new Coordinator(new InMemoryServer().CreateBackend());
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        Assert.Throws<ArgumentException>("lease", () => lease.ToEtcdCompare());
        Assert.Throws<ArgumentNullException>("lease", () => ((ILease)null!).ToEtcdCompare());
    }

    private static async Task<bool> WriteAsync(Admin admin, ILease lease, string value) => (await admin.Kv.TxnAsync(new TxnRequest
    {
        Compare = { lease.ToEtcdCompare() },
        Success = { new RequestOp { RequestPut = new PutRequest { Key = Account, Value = ByteString.CopyFromUtf8(value) } } },
    })).Succeeded;
}
