using Coordination.Backends;
using Coordination.ZooKeeper.Tests.Servers;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests;

/// <summary>What things cost at the server, by its own count of messages from clients. docs/zookeeper.md says the same.</summary>
public sealed class CostTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_contention_an_acquisition_is_two_requests_and_its_release_one()
    {
        await using var server = await StartAsync();
        await using var coordinator = Coordinator(server);
        IDistributedLock[] locks =
        [
            coordinator.CreateLock("lock"), coordinator.CreateReaderWriterLock("rw").ReadLock, coordinator.CreateReaderWriterLock("rw").WriteLock,
        ];
        foreach (var @lock in locks)
        {
            await (await @lock.AcquireAsync(Token)).ReleaseAsync(Token);
            Assert.Equal(60, await CostAsync(server, 20, async () => await (await @lock.AcquireAsync(Token)).ReleaseAsync(Token)));
            Assert.Equal(60, await CostAsync(server, 20, async () => await (await @lock.TryAcquireAsync(TimeSpan.Zero, Token))!.ReleaseAsync(Token)));
        }

        var semaphore = coordinator.CreateSemaphore("semaphore", maxCount: 2);
        await (await semaphore.AcquireAsync(Token)).ReleaseAsync(Token);
        Assert.Equal(60, await CostAsync(server, 20, async () => await (await semaphore.AcquireAsync(Token)).ReleaseAsync(Token)));

        // A resource that has no node yet: an attempt more, and the node.
        var name = 0;
        Assert.Equal(20 * 5, await CostAsync(server, 20, async () => await coordinator.CreateLock($"new/{name++}").AcquireAsync(Token)));
    }

    [Fact]
    public async Task Trying_in_vain_is_three_requests()
    {
        await using var server = await StartAsync();
        await using var holder = Coordinator(server);
        await using var other = Coordinator(server);
        await using var warm = await other.CreateLock("warm").AcquireAsync(Token);
        await using var held = await holder.CreateLock("held").AcquireAsync(Token);
        Assert.Equal(60, await CostAsync(server, 20, async () => Assert.Null(await other.CreateLock("held").TryAcquireAsync(TimeSpan.Zero, Token))));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public async Task G7_an_acquisition_costs_the_same_however_many_wait(int waiters)
    {
        await using var server = await StartAsync();
        await using var holder = Coordinator(server);
        await using var others = Coordinator(server);
        foreach (var coordinator in new[] { holder, others })
        {
            await (await coordinator.CreateLock("x").AcquireAsync(Token)).ReleaseAsync(Token);
        }

        // All come at once, before there is a watch: each makes its node and lists. Then one watch and one listing serve all.
        var first = await CostOfTurnsAsync();
        Assert.InRange(first, (2 * waiters) + 3, (3 * waiters) + 5);

        // The watch is there still: who comes now makes its node, and deletes it; and the holder its own, and lists.
        Assert.Equal((2 * waiters) + 3, await CostOfTurnsAsync());

        async Task<long> CostOfTurnsAsync()
        {
            var before = await server.CountRequestsAsync();
            var @lock = others.CreateLock("x");
            var held = await holder.CreateLock("x").AcquireAsync(Token);
            var turns = Enumerable.Range(0, waiters).Select(async _ => await (await @lock.AcquireAsync(Token)).ReleaseAsync(Token)).ToArray();
            await Run.UntilAsync(async () => await server.MetricAsync("zk_ephemerals_count") == waiters + 1);
            await held.ReleaseAsync(Token);
            await Task.WhenAll(turns);
            return await server.CountRequestsAsync() - before;
        }
    }

    [Fact]
    public async Task A_renewal_is_one_heartbeat_and_a_request_for_each_128_claims()
    {
        await using var server = await StartAsync();
        await using var backend = ZooKeeperBackend.Create(server.Address);
        await using var session = await Run.OpenAsync(backend, seconds: 600);
        var claims = Enumerable.Range(0, 300).Select(i => Run.Exclusive($"resource/{i}")).ToArray();
        foreach (var claim in claims)
        {
            Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);
        }

        foreach (var (count, cost) in new[] { (0, 1), (1, 2), (128, 2), (129, 3), (300, 4) })
        {
            ClaimKey[] keys = [.. claims.Take(count).Select(static claim => claim.Key)];
            Assert.Equal(cost, await CostAsync(server, 1, async () => Assert.Empty((await session.RenewAsync(keys, Token)).Exceptions)));
        }
    }

    [Fact]
    public async Task Every_other_renewal_is_a_transaction()
    {
        await using var server = await StartAsync();
        await using var client = await Admin.ConnectAsync(server.Address);
        await using var backend = ZooKeeperBackend.Create(server.Address);
        await using var session = await Run.OpenAsync(backend, seconds: 600);
        var claim = Run.Exclusive("x");
        await session.ClaimAsync(claim, Token);
        await client.CreateAsync("/probe", default, cancellationToken: Token);
        var before = await TransactionsAsync();
        var transactions = new List<long>();
        for (var renewal = 0; renewal < 6; renewal++)
        {
            await session.RenewAsync([claim.Key], Token);
            var after = await TransactionsAsync();
            transactions.Add(after - before - 1);
            before = after;
        }

        Assert.Equal([1L, 0, 1, 0, 1, 0], transactions);

        async Task<long> TransactionsAsync() => (await client.SetDataAsync("/probe", default, cancellationToken: Token)).Mzxid;
    }

    [Fact]
    public async Task What_is_done_now_and_then_costs_what_the_documentation_says()
    {
        await using var server = await StartAsync();
        await using var coordinator = Coordinator(server);
        foreach (var name in new[] { "x", "y", "z" })
        {
            await (await coordinator.CreateLock(name).AcquireAsync(Token)).ReleaseAsync(Token);
        }

        // The first inspection opens a connection.
        await coordinator.InspectAsync("x", Token);
        var held = await coordinator.CreateLock("x").AcquireAsync(Token);
        Assert.Equal(3, await CostAsync(server, 1, async () => await coordinator.InspectAsync("x", Token)));
        Assert.Equal(2, await CostAsync(server, 1, async () => await held.RenewAsync(Token)));
        await using var leader = await coordinator.CreateLeaderElection("y").CampaignAsync("me", Token);
        Assert.Equal(1, await CostAsync(server, 1, async () => await leader.ProclaimAsync("still me", Token)));
        Assert.Equal(3, await CostAsync(server, 1, async () => await coordinator.CreateLeaderElection("y").GetLeaderAsync(Token)));

        // A transferable lease has a session of its own, which ends with it.
        var transferable = coordinator.CreateLock("z", new LeaseOptions { AutoRenew = false });
        IFencedLease? detachable = null;
        Assert.Equal(3, await CostAsync(server, 1, async () => detachable = await transferable.AcquireAsync(Token)));
        var ticket = "";
        Assert.Equal(3, await CostAsync(server, 1, async () => ticket = await detachable!.DetachAsync(Token)));
        await using var other = Coordinator(server);
        await other.InspectAsync("x", Token);
        Assert.Equal(8, await CostAsync(server, 1, async () => detachable = await other.CreateLock("z").AttachAsync(ticket, Token)));
        await detachable!.ReleaseAsync(Token);
    }

    // No resource's node is removed while requests are counted.
    private static async Task<ZooKeeperServerProcess> StartAsync()
    {
        Missing.SkipWithoutZooKeeper();
        var server = new ZooKeeperServerProcess { ContainerCheckInterval = 3_600_000 };
        await server.StartAsync();
        return server;
    }

    private static Coordinator Coordinator(ZooKeeperServerProcess server) => Run.Coordinator(server.Address, seconds: 600);

    private static async Task<long> CostAsync(ZooKeeperServerProcess server, int times, Func<Task> act)
    {
        var before = await server.CountRequestsAsync();
        for (var i = 0; i < times; i++)
        {
            await act();
        }

        return await server.CountRequestsAsync() - before;
    }
}
