using Coordination.Backends;
using Coordination.Etcd.Tests.Servers;

namespace Coordination.Etcd.Tests;

/// <summary>What things cost at the server, by its own count of messages from clients: requests, and what goes over streams. docs/etcd.md says the same.</summary>
public sealed class CostTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_contention_an_acquisition_and_its_release_are_one_request_each()
    {
        await using var server = await FaultTests.StartAsync();
        await using var coordinator = Coordinator(server);
        IDistributedLock[] locks =
        [
            coordinator.CreateLock("lock"), coordinator.CreateReaderWriterLock("rw").ReadLock, coordinator.CreateReaderWriterLock("rw").WriteLock,
        ];
        await using (await locks[0].AcquireAsync(Token))
        {
        }

        foreach (var @lock in locks)
        {
            Assert.Equal(40, await CostAsync(server, 20, async () => await (await @lock.AcquireAsync(Token)).ReleaseAsync(Token)));
        }

        var semaphore = coordinator.CreateSemaphore("semaphore", maxCount: 2);
        Assert.Equal(40, await CostAsync(server, 20, async () => await (await semaphore.AcquireAsync(Token)).ReleaseAsync(Token)));
    }

    [Fact]
    public async Task Trying_is_one_request_whether_it_succeeds_or_not_and_leaves_nothing_to_release()
    {
        await using var server = await FaultTests.StartAsync();
        await using var holder = Coordinator(server);
        await using var other = Coordinator(server);
        await using var warm = await other.CreateLock("warm").AcquireAsync(Token);
        await using var held = await holder.CreateLock("held").AcquireAsync(Token);
        var free = other.CreateLock("free");
        Assert.Equal(40, await CostAsync(server, 20, async () => await (await free.TryAcquireAsync(TimeSpan.Zero, Token))!.ReleaseAsync(Token)));
        Assert.Equal(20, await CostAsync(server, 20, async () => Assert.Null(await other.CreateLock("held").TryAcquireAsync(TimeSpan.Zero, Token))));
        var reading = other.CreateReaderWriterLock("held").ReadLock;
        Assert.Equal(20, await CostAsync(server, 20, async () => Assert.Null(await reading.TryAcquireAsync(TimeSpan.Zero, Token))));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public async Task G7_an_acquisition_costs_two_requests_however_many_wait(int waiters)
    {
        await using var server = await FaultTests.StartAsync();
        await using var holder = Coordinator(server);
        await using var others = Coordinator(server);
        await using (await others.CreateLock("warm").AcquireAsync(Token))
        {
        }

        var @lock = others.CreateLock("x");
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var before = await server.CountRequestsAsync();
        var turns = Enumerable.Range(0, waiters).Select(async _ => await (await @lock.AcquireAsync(Token)).ReleaseAsync(Token)).ToArray();
        var inspections = 0;
        await FaultTests.UntilAsync(async () =>
        {
            inspections++;
            return (await holder.InspectAsync("x", Token)).Waiters.Count == waiters;
        });
        await held.ReleaseAsync(Token);
        await Task.WhenAll(turns);

        // Each waiter enters and leaves. Once for all: the watch, the reading after it began, the holder's release. And the inspections, counted apart.
        var cost = await server.CountRequestsAsync() - before - inspections;
        Assert.Equal((2 * waiters) + 3, cost);
    }

    [Fact]
    public async Task A_renewal_is_one_keep_alive_and_a_request_for_each_128_claims()
    {
        await using var server = await FaultTests.StartAsync();
        await using var backend = EtcdBackend.Create(server.Address);
        await using var session = await FaultTests.OpenAsync(backend, seconds: 600);
        var claims = Enumerable.Range(0, 300).Select(i => FaultTests.Exclusive($"resource/{i}")).ToArray();
        foreach (var claim in claims)
        {
            Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);
        }

        foreach (var (count, cost) in new[] { (1, 2), (128, 2), (129, 3), (300, 4) })
        {
            ClaimKey[] keys = [.. claims.Take(count).Select(static claim => claim.Key)];
            Assert.Equal(cost, await CostAsync(server, 1, async () => Assert.False((await session.RenewAsync(keys, Token)).IsSessionLost)));
        }
    }

    [Fact]
    public async Task What_is_done_now_and_then_costs_what_the_documentation_says()
    {
        await using var server = await FaultTests.StartAsync();
        await using var coordinator = Coordinator(server);

        // Opening a session, and with it the first claim.
        IFencedLease? held = null;
        Assert.Equal(2, await CostAsync(server, 1, async () => held = await coordinator.CreateLock("x").AcquireAsync(Token)));
        Assert.Equal(1, await CostAsync(server, 1, async () => await coordinator.InspectAsync("x", Token)));
        Assert.Equal(2, await CostAsync(server, 1, async () => await held!.RenewAsync(Token)));
        await using var leader = await coordinator.CreateLeaderElection("y").CampaignAsync("me", Token);
        Assert.Equal(1, await CostAsync(server, 1, async () => await leader.ProclaimAsync("still me", Token)));
        Assert.Equal(1, await CostAsync(server, 1, async () => await coordinator.CreateLeaderElection("y").GetLeaderAsync(Token)));

        // A transferable lease has a session of its own, which ends with it.
        var transferable = coordinator.CreateLock("z", new LeaseOptions { AutoRenew = false });
        IFencedLease? detachable = null;
        Assert.Equal(2, await CostAsync(server, 1, async () => detachable = await transferable.AcquireAsync(Token)));
        var ticket = "";
        Assert.Equal(2, await CostAsync(server, 1, async () => ticket = await detachable!.DetachAsync(Token)));
        await using var other = Coordinator(server);
        Assert.Equal(5, await CostAsync(server, 1, async () => detachable = await other.CreateLock("z").AttachAsync(ticket, Token)));
        await detachable!.ReleaseAsync(Token);
    }

    private static Coordinator Coordinator(EtcdServerProcess server) =>
        new(EtcdBackend.Create(server.Address), new CoordinatorOptions { LeaseDuration = TimeSpan.FromMinutes(10) });

    private static async Task<long> CostAsync(EtcdServerProcess server, int times, Func<Task> act)
    {
        var before = await server.CountRequestsAsync();
        for (var i = 0; i < times; i++)
        {
            await act();
        }

        return await server.CountRequestsAsync() - before;
    }
}
