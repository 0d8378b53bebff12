using System.Diagnostics;
using System.Globalization;
using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Conformance;
using Coordination.Etcd.Tests.Servers;
using Coordination.Etcd.Tests.Support;
using Etcdserverpb;
using Grpc.Core;

namespace Coordination.Etcd.Tests;

/// <summary>What befalls members of a cluster of three, and what holders and waiters see of it.</summary>
public sealed class ClusterFaultTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_member_that_is_killed_and_started_again_costs_no_lease_and_no_grant(bool isLeader)
    {
        await using var cluster = await EtcdCluster.StartAsync();
        var victim = isLeader ? await cluster.LeaderAsync() : await cluster.FollowerAsync();

        // All talk to the one that dies.
        var endpoints = string.Join(',', cluster.Members.OrderBy(member => member != victim).Select(static member => member.Address));
        await using var holder = Coordinator(endpoints);
        await using var waiter = Coordinator(endpoints);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await FaultTests.UntilAsync(async () => (await holder.InspectAsync("x", Token)).Waiters.Count == 1);

        await victim.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        await using (await holder.CreateLock("y").AcquireAsync(Token))
        {
            output.WriteLine($"another lock {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.00} s after the kill");
        }

        await victim.StartAsync();
        Assert.Equal(LeaseState.Held, held.State);
        await held.RenewAsync(Token);
        Assert.False(held.Lost.IsCancellationRequested);
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    [Fact]
    public async Task A_leader_that_is_lost_stalls_nobody_for_longer_than_an_election()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        await using var coordinator = Coordinator(cluster.Endpoints);
        await using (await coordinator.CreateLock("x").AcquireAsync(Token))
        {
        }

        var leader = await cluster.LeaderAsync();
        await leader.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        var electing = ElectedAsync();
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        var stall = Stopwatch.GetElapsedTime(killed);
        var elected = await electing;
        output.WriteLine($"a new leader after {elected.TotalSeconds:0.00} s, stalled {stall.TotalSeconds:0.00} s");

        // An election takes one to two seconds with etcd's default timing, and each split vote another: that is etcd's. A request that was under way has a call timeout of two, and the
        // wait before it is sent again is two at most.
        Assert.True(stall < elected + TimeSpan.FromSeconds(4), $"stalled {stall}, a new leader after {elected}");

        async Task<TimeSpan> ElectedAsync()
        {
            await cluster.LeaderAsync(other: leader);
            return Stopwatch.GetElapsedTime(killed);
        }
    }

    [Fact]
    public async Task A_member_cut_off_from_its_client_is_left_for_another()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        await using var connection = new EtcdConnectionUnderTest([.. cluster.Members.Select(static member => (EndPoint)member.EndPoint)]);
        await using var waiter = new Coordinator(connection.Backend, new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(10), OperationTimeout = TimeSpan.FromSeconds(30) });
        await using var holder = Coordinator(cluster.Endpoints);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var mine = await waiter.CreateLock("y").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await FaultTests.UntilAsync(async () => (await holder.InspectAsync("x", Token)).Waiters.Count == 1);

        // The first, which it uses, is silent from now on.
        connection.Proxies[0].Pause();
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal(LeaseState.Held, mine.State);
        await mine.RenewAsync(Token);
        connection.Proxies[0].Resume();
        await mine.ReleaseAsync(Token);
    }

    [Fact]
    public async Task A_frozen_leader_that_resumes_and_acknowledges_what_is_gone_is_not_believed()
    {
        // The holder talks to the leader alone. It is frozen, and the others elect a new one, which gives the lease its full time once more. Resumed, the old one
        // acknowledges the keep-alive that waited for it, before it hears of its successor, which knows nothing of that. From then on nothing passes. A holder
        // that counted from that keep-alive would believe in its lease for longer than the new leader keeps it.
        // COORDINATION_STALE_LEADER_RUNS=20 makes more of it.
        var runs = Environment.GetEnvironmentVariable("COORDINATION_STALE_LEADER_RUNS") is { Length: > 0 } more ? int.Parse(more, CultureInfo.InvariantCulture) : 3;
        await using var cluster = await EtcdCluster.StartAsync();
        for (var run = 1; run <= runs; run++)
        {
            var leader = await cluster.LeaderAsync();
            using var admin = new Admin(cluster.Members.First(member => member != leader).Address);
            await using var proxy = FaultProxy.Start(leader.EndPoint);
            await using var holder = Coordinator($"http://{proxy.EndPoint}", seconds: 12);
            var held = await holder.CreateLock($"x{run}").AcquireAsync(Token);
            var lost = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = held.Lost.Register(() => lost.TrySetResult(Stopwatch.GetTimestamp()));

            // Right after a renewal in the middle of its life.
            var remaining = held.Remaining;
            await FaultTests.UntilAsync(() =>
            {
                var before = remaining;
                remaining = held.Remaining;
                return Task.FromResult(remaining > before);
            });
            var frozen = Stopwatch.GetTimestamp();
            await leader.FreezeAsync();
            await cluster.LeaderAsync(other: leader);
            var gone = GoneAsync(admin, ((IBackendLease)held).Claim);

            // The next renewal is sent a third of 12 s after the last.
            var wait = TimeSpan.FromSeconds(4.6) - Stopwatch.GetElapsedTime(frozen);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Token);
            await leader.ResumeAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(150), Token);
            proxy.Pause();
            output.WriteLine($"run {run}: {held.Remaining.TotalSeconds:0.00} s guaranteed {Stopwatch.GetElapsedTime(frozen).TotalSeconds:0.00} s after the freeze");

            var lostAt = await lost.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
            var goneAt = await gone;
            output.WriteLine(
                $"run {run}: lost {Stopwatch.GetElapsedTime(frozen, lostAt).TotalSeconds:0.00} s, gone {Stopwatch.GetElapsedTime(frozen, goneAt).TotalSeconds:0.00} s after the freeze");
            Assert.True(lostAt < goneAt, $"run {run}: told {Stopwatch.GetElapsedTime(goneAt, lostAt)} after the claim was gone");
            proxy.Resume();
            await leader.ReadyAsync();
        }
    }

    [Fact]
    public async Task A_member_that_is_added_late_serves_what_is_held_already()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        await using var holder = Coordinator(cluster.Endpoints);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        using var admin = new Admin(cluster.Members[0].Address);
        var added = await cluster.AddAsync(async peer =>
        {
            var request = new MemberAddRequest();
            request.PeerURLs.Add(peer);
            await FaultTests.UntilAsync(async () =>
            {
                try
                {
                    await admin.Cluster.MemberAddAsync(request);
                    return true;
                }
                catch (RpcException exception) when (exception.Status.Detail.Contains("unhealthy cluster", StringComparison.Ordinal))
                {
                    return false; // It wants to have run for 5 s first.
                }
            });
        });
        await using var waiter = Coordinator(added.Address);
        Assert.Null(await waiter.CreateLock("x").TryAcquireAsync(TimeSpan.Zero, Token));
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await FaultTests.UntilAsync(async () => (await holder.InspectAsync("x", Token)).Waiters.Count == 1);
        await held.RenewAsync(Token);
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    // Elections on a loaded machine take longer than an operation does otherwise.
    private static Coordinator Coordinator(string endpoints, int seconds = 6) =>
        new(EtcdBackend.Create(endpoints), new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(seconds), OperationTimeout = TimeSpan.FromSeconds(30) });

    private static async Task<long> GoneAsync(Admin admin, ClaimKey claim)
    {
        var began = Stopwatch.GetTimestamp();
        while (await admin.ExistsAsync(claim))
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(60))
            {
                throw new TimeoutException("The claim is still there.");
            }

            await Task.Delay(5, Token);
        }

        return Stopwatch.GetTimestamp();
    }
}
