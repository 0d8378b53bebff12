using System.Diagnostics;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Servers;

namespace Coordination.Etcd.Tests;

/// <summary>
/// One member of three is cut off from the other two, while clients still reach it: the most deceptive of partitions, since it answers. As the leader it goes on for a moment as if nothing had happened.
/// </summary>
public sealed class ClusterPartitionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_of_a_member_that_is_cut_off_from_the_majority_go_on_with_another(bool isLeader)
    {
        await using var cluster = await EtcdCluster.StartAsync(canBeCut: true);
        var victim = isLeader ? await cluster.LeaderAsync() : await cluster.FollowerAsync();
        var endpoints = string.Join(',', cluster.Members.OrderBy(member => member != victim).Select(static member => member.Address));

        // The call that runs into the cut may have an election to wait for.
        await using var holder = Coordinator(endpoints, seconds: 20, operation: Patience);
        await using var waiter = Coordinator(endpoints, seconds: 20, operation: Patience);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await FaultTests.UntilAsync(async () => (await holder.InspectAsync("x", Token)).Waiters.Count == 1);

        var heal = cluster.Isolate(victim);
        var cut = Stopwatch.GetTimestamp();
        await using (await holder.CreateLock("y").AcquireAsync(Token).AsTask().WaitAsync(Patience, Token))
        {
            output.WriteLine($"another lock {Stopwatch.GetElapsedTime(cut).TotalSeconds:0.00} s after the cut");
        }

        await held.RenewAsync(Token);
        Assert.Equal(LeaseState.Held, held.State);

        // The waiter's watch was at the same member, which says nothing any more, and nothing wrong.
        await held.ReleaseAsync(Token);
        var next = await waiting.WaitAsync(Patience, Token);
        output.WriteLine($"the waiter {Stopwatch.GetElapsedTime(cut).TotalSeconds:0.00} s after the cut");
        Assert.True(next.FencingToken > held.FencingToken);

        heal();
        await victim.ReadyAsync();
        await using var late = Coordinator(victim.Address, seconds: 20);
        var last = late.CreateLock("x").AcquireAsync(Token).AsTask();
        await FaultTests.UntilAsync(async () => (await waiter.InspectAsync("x", Token)).Waiters.Count == 1);
        await next.ReleaseAsync(Token);
        await using var healed = await last.WaitAsync(Patience, Token);
        Assert.True(healed.FencingToken > next.FencingToken);
    }

    [Fact]
    public async Task A_renewal_with_less_time_than_a_call_may_take_leaves_a_silent_member()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        var victim = await cluster.FollowerAsync();
        var endpoints = string.Join(',', cluster.Members.OrderBy(member => member != victim).Select(static member => member.Address));
        await using var backend = EtcdBackend.Create(new EtcdBackendOptions { Endpoints = endpoints, CallTimeout = TimeSpan.FromSeconds(60) });
        await using var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(12)), new RecordingListener(), Token);
        var claim = FaultTests.Exclusive("x");
        await session.ClaimAsync(claim, Token);
        Assert.False((await session.RenewAsync([claim.Key], Token)).IsSessionLost);
        await victim.FreezeAsync();
        try
        {
            // A quarter of the call timeout it is not: of a lease of three seconds there would be none left by then.
            await RenewAsync(TimeSpan.FromSeconds(1.5), fails: true);
            await RenewAsync(TimeSpan.FromSeconds(8), fails: false);
        }
        finally
        {
            await victim.ResumeAsync();
        }

        async Task RenewAsync(TimeSpan within, bool fails)
        {
            using var limit = new CancellationTokenSource(within);
            var renewal = session.RenewAsync([claim.Key], limit.Token).AsTask();
            if (fails)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => renewal);
            }
            else
            {
                Assert.False((await renewal).IsSessionLost);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_reaches_the_minority_only_is_told_its_loss_in_time_and_believes_nothing(bool isLeader)
    {
        await using var cluster = await EtcdCluster.StartAsync(canBeCut: true);
        var victim = isLeader ? await cluster.LeaderAsync() : await cluster.FollowerAsync();
        await using var minority = Coordinator(victim.Address, seconds: 6);
        await using var majority = Coordinator(string.Join(',', cluster.Members.Where(member => member != victim).Select(static member => member.Address)), seconds: 20);
        var held = await minority.CreateLock("x").AcquireAsync(Token);
        var lost = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = held.Lost.Register(() => lost.TrySetResult(Stopwatch.GetTimestamp()));
        var next = GrantedAsync(majority, "x");
        await FaultTests.UntilAsync(async () => (await majority.InspectAsync("x", Token)).Waiters.Count == 1);

        var heal = cluster.Isolate(victim);
        var cut = Stopwatch.GetTimestamp();

        // Before anybody may notice, and afterwards: no claim is granted, no reading believed, no release confirmed.
        await FailsAsync(() => minority.CreateLock("free").AcquireAsync(TimeSpan.FromSeconds(3), Token).AsTask());
        await FailsAsync(() => minority.InspectAsync("x", Token).AsTask());
        var lostAt = await lost.Task.WaitAsync(Patience, Token);
        var (lease, grantedAt) = await next.WaitAsync(Patience, Token);
        output.WriteLine($"lost {Stopwatch.GetElapsedTime(cut, lostAt).TotalSeconds:0.00} s, granted to another {Stopwatch.GetElapsedTime(cut, grantedAt).TotalSeconds:0.00} s after the cut");
        Assert.True(lostAt < grantedAt, $"told {Stopwatch.GetElapsedTime(grantedAt, lostAt)} after another had it");
        Assert.True(lease.FencingToken > held.FencingToken);
        await FailsAsync(() => minority.CreateLock("free").AcquireAsync(TimeSpan.FromSeconds(3), Token).AsTask());

        // Healed: what the member had taken in for itself is not there, and it serves again.
        heal();
        await victim.ReadyAsync();
        await using (await minority.CreateLock("free").AcquireAsync(Token).AsTask().WaitAsync(Patience, Token))
        {
            Assert.Empty((await majority.InspectAsync("free", Token)).Waiters);
        }

        Assert.Empty((await majority.InspectAsync("free", Token)).Holders);
        Assert.Equal(LeaseState.Lost, held.State);
        await lease.ReleaseAsync(Token);
        await using var again = await minority.CreateLock("x").AcquireAsync(Token).AsTask().WaitAsync(Patience, Token);
        Assert.True(again.FencingToken > lease.FencingToken);
    }

    [Fact]
    public async Task A_leader_that_loses_both_followers_is_not_believed_while_nobody_leads()
    {
        // Nobody has a majority: nothing is granted by anybody, whatever member a client asks, and everything goes on once it is healed.
        await using var cluster = await EtcdCluster.StartAsync(canBeCut: true);
        await using var coordinator = Coordinator(cluster.Endpoints, seconds: 6);
        var held = await coordinator.CreateLock("x").AcquireAsync(Token);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = held.Lost.Register(lost.SetResult);
        var heals = cluster.Members.Select(cluster.Isolate).ToArray();
        var cut = Stopwatch.GetTimestamp();
        await FailsAsync(() => coordinator.CreateLock("free").AcquireAsync(TimeSpan.FromSeconds(3), Token).AsTask());
        await lost.Task.WaitAsync(Patience, Token);
        output.WriteLine($"lost {Stopwatch.GetElapsedTime(cut).TotalSeconds:0.00} s after the cut");
        Array.ForEach(heals, static heal => heal());
        await using var again = await coordinator.CreateLock("x").AcquireAsync(Token).AsTask().WaitAsync(Patience, Token);
        Assert.True(again.FencingToken > held.FencingToken);
    }

    private static async Task<(IFencedLease Lease, long At)> GrantedAsync(Coordinator coordinator, string name)
    {
        var lease = await coordinator.CreateLock(name).AcquireAsync(Token);
        return (lease, Stopwatch.GetTimestamp());
    }

    private static async Task FailsAsync(Func<Task> call)
    {
        var pending = call();
        Assert.Same(pending, await Task.WhenAny(pending, Task.Delay(Patience, Token)));
        var failure = await Record.ExceptionAsync(() => pending);
        Assert.True(failure is CoordinationException { IsTransient: true } or TimeoutException, $"{failure}");
    }

    private static Coordinator Coordinator(string endpoints, int seconds, TimeSpan? operation = null) =>
        new(EtcdBackend.Create(endpoints), new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(seconds), OperationTimeout = operation ?? TimeSpan.FromSeconds(5) });
}
