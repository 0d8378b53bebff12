using System.Diagnostics;
using System.Globalization;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Tests.Servers;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests;

/// <summary>What befalls members of an ensemble of three, and what holders and waiters see of it.</summary>
public sealed class EnsembleFaultTests(ITestOutputHelper output)
{
    private const int Runs = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G3_a_follower_that_is_cut_off_from_the_leader_does_not_make_a_holder_believe_for_too_long()
    {
        // Rule 23: the follower goes on answering by itself, pings and reads, until it notices that it has lost its leader: here after 10 s. The leader ends the session when it has
        // not heard of it for its time. The link is cut right after a renewal was acknowledged, which the leader may have heard nothing of. A holder that counted from it would believe for too long.
        await using var ensemble = await ZooKeeperEnsemble.StartAsync(linksOf: [1, 2, 3], settings: "syncLimit=50");
        for (var run = 1; run <= Runs; run++)
        {
            var leader = await ensemble.LeaderAsync();
            var follower = ensemble.Members.First(member => member != leader);
            var (lostAt, grantedAt) = await CutOffAsync(ensemble, follower, leader, ZooKeeperBackend.Create(follower.Address), $"x{run}");
            Assert.True(lostAt is not null && lostAt < grantedAt, $"run {run}: not told when it was given away");
            await follower.ReadyAsync();
        }
    }

    [Fact]
    public async Task G3_the_same_holder_believes_for_too_long_when_it_renews_by_what_the_follower_answers_alone()
    {
        // What the test above is worth: it finds a client that pings. Its lease is longer, and with it what the follower takes to notice: nothing may be late for it to believe all the time.
        await using var ensemble = await ZooKeeperEnsemble.StartAsync(linksOf: [1, 2, 3], settings: "syncLimit=150");
        var leader = await ensemble.LeaderAsync();
        var follower = ensemble.Members.First(member => member != leader);
        var (lostAt, _) = await CutOffAsync(ensemble, follower, leader, new PingingBackend(ZooKeeperBackend.Create(follower.Address)), "x", seconds: 12);
        Assert.Null(lostAt);
    }

    [Fact]
    public async Task G3_a_leader_that_stood_still_and_is_then_cut_off_does_not_make_a_holder_believe_for_too_long()
    {
        // What its followers had sent before the cut makes it lead for another syncLimit when it goes on, 10 s, and it confirms syncs by itself all that time. They have elected another meanwhile, which ends
        // the session a duration later: before the end of what those syncs would seem to prove. The holder reaches nobody else.
        await using var ensemble = await ZooKeeperEnsemble.StartAsync(linksOf: [3], settings: "syncLimit=50");
        var leader = ensemble.Members[2];
        await ensemble.LeadAsync(leader);
        var followers = ensemble.Members.Where(member => member != leader).ToArray();
        await using var holder = new Coordinator(
            ZooKeeperBackend.Create(leader.Address),
            new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(24), SafetyMargin = TimeSpan.Zero, OperationTimeout = TimeSpan.FromSeconds(15) });
        await using var successor = Run.Coordinator(string.Join(',', followers.Select(static follower => follower.Address)), seconds: 60, operation: 30);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var lost = 0L;
        using var registration = held.Lost.Register(() => Volatile.Write(ref lost, Stopwatch.GetTimestamp()));
        var granted = GrantedAsync(successor.CreateLock("x"));
        await Run.WaitersAsync(successor, "x", 1);
        await using var one = await Admin.ConnectAsync(followers[0].Address);
        await using var other = await Admin.ConnectAsync(followers[1].Address);
        await RenewedAsync(held);

        await leader.FreezeAsync();
        var frozen = Stopwatch.GetTimestamp();

        // The leader reads them when it goes on. That they leave for another it does not hear.
        _ = one.SyncAsync("/", Token);
        _ = other.SyncAsync("/", Token);
        await Task.Delay(TimeSpan.FromSeconds(2), Token);
        foreach (var follower in followers)
        {
            ensemble.Link(follower, leader).Pause();
            ensemble.Link(leader, follower).Pause();
        }

        await ensemble.LeaderAsync(leader);
        var elected = Stopwatch.GetElapsedTime(frozen);
        await leader.ResumeAsync();
        var resumed = Stopwatch.GetElapsedTime(frozen);
        var confirmed = 0;
        while (!granted.IsCompleted && !held.Lost.IsCancellationRequested)
        {
            // By hand it is tried for as long as the holder believes.
            try
            {
                await held.RenewAsync(Token);
                confirmed++;
            }
            catch (CoordinationException)
            {
                // Not confirmed.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), Token);
        }

        var grantedAfter = Stopwatch.GetElapsedTime(frozen, await granted.WaitAsync(TimeSpan.FromSeconds(60), Token));
        TimeSpan? lostAfter = Volatile.Read(ref lost) is var at and not 0 ? Stopwatch.GetElapsedTime(frozen, at) : null;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"another leads {elected.TotalSeconds:0.00} s after the stop, which ended after {resumed.TotalSeconds:0.00} s; the old one confirmed {confirmed} renewals; lost {lostAfter?.TotalSeconds.ToString("0.00 's'") ?? "not"}, given away {grantedAfter.TotalSeconds:0.00} s after it"));
        Assert.True(lostAfter is not null && lostAfter < grantedAfter, "not told when it was given away");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_member_that_is_killed_and_started_again_costs_no_lease_and_no_grant(bool isLeader)
    {
        await using var ensemble = await ZooKeeperEnsemble.StartAsync();
        var victim = isLeader ? await ensemble.LeaderAsync() : await ensemble.FollowerAsync();

        // Time enough to elect a leader on a machine that has little: until there is one nothing is answered, and that is not what is tried here.
        var options = new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(90), OperationTimeout = TimeSpan.FromSeconds(60) };
        await using var holder = new Coordinator(ZooKeeperBackend.Create(ensemble.Addresses), options);
        await using var waiter = new Coordinator(ZooKeeperBackend.Create(ensemble.Addresses), options);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await Run.WaitersAsync(holder, "x", 1);

        await victim.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        await using (await holder.CreateLock("y").AcquireAsync(Token))
        {
            output.WriteLine($"another lock {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.00} s after the kill");
        }

        await victim.StartAsync();
        Assert.Equal(LeaseState.Held, held.State);
        await Run.RenewAsync(held);
        Assert.False(held.Lost.IsCancellationRequested);
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    [Fact]
    public async Task A_frozen_server_is_left_for_another_in_time()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartAsync();
        var leader = await ensemble.LeaderAsync();
        FaultProxy[] proxies = [.. ensemble.Members.Select(static member => FaultProxy.Start(member.EndPoint))];
        try
        {
            // Of the time for an operation two seconds go by before the frozen server is left.
            await using var holder = Run.Coordinator(string.Join(',', proxies.Select(static proxy => proxy.EndPoint)), seconds: 15, operation: 30);

            // Until it is a follower that it talks to: a frozen leader is another matter.
            var held = await holder.CreateLock("x").AcquireAsync(Token);
            var toLeader = proxies[Array.IndexOf([.. ensemble.Members], leader)];
            toLeader.Refuse();
            await Run.UntilAsync(() => Task.FromResult(proxies.Any(proxy => proxy != toLeader && proxy.Open > 0)));
            var attached = Array.FindIndex(proxies, proxy => proxy != toLeader && proxy.Open > 0);
            toLeader.Resume();

            await ensemble.Members[attached].FreezeAsync();
            var frozen = Stopwatch.GetTimestamp();
            await using (await holder.CreateLock("y").AcquireAsync(Token))
            {
                output.WriteLine($"another lock {Stopwatch.GetElapsedTime(frozen).TotalSeconds:0.00} s after the freeze");
            }

            await Run.RenewAsync(held);
            Assert.False(held.Lost.IsCancellationRequested);
            await ensemble.Members[attached].ResumeAsync();
            await held.ReleaseAsync(Token);
        }
        finally
        {
            foreach (var proxy in proxies)
            {
                await proxy.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_frozen_leader_costs_no_lease_that_outlives_the_election_and_the_others_are_told_before_they_are_given_away()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartAsync(settings: "syncLimit=25");
        var leader = await ensemble.LeaderAsync();
        var followers = string.Join(',', ensemble.Members.Where(member => member != leader).Select(static member => member.Address));
        var options = new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(90), OperationTimeout = TimeSpan.FromSeconds(60) };
        await using var holder = new Coordinator(ZooKeeperBackend.Create(followers), options);
        await using var waiter = new Coordinator(ZooKeeperBackend.Create(followers), options);
        await using var brief = Run.Coordinator(followers, seconds: 4);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        var fleeting = await brief.CreateLock("y").AcquireAsync(Token);
        var lost = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = fleeting.Lost.Register(() => lost.TrySetResult(Stopwatch.GetTimestamp()));
        var granted = GrantedAsync(waiter.CreateLock("y"));
        await Run.WaitersAsync(holder, "x", 1);
        await Run.WaitersAsync(holder, "y", 1);

        // Its followers notice after 5 s, which is more than the short lease has.
        await leader.FreezeAsync();
        var frozen = Stopwatch.GetTimestamp();
        var lostAt = await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        var next = await ensemble.LeaderAsync(leader);
        output.WriteLine($"member {next.Id} leads {Stopwatch.GetElapsedTime(frozen).TotalSeconds:0.00} s after the freeze");
        var grantedAt = await granted.WaitAsync(TimeSpan.FromSeconds(60), Token);
        output.WriteLine(
            $"the short lease lost {Stopwatch.GetElapsedTime(frozen, lostAt).TotalSeconds:0.00} s, given away {Stopwatch.GetElapsedTime(frozen, grantedAt).TotalSeconds:0.00} s after the freeze");
        Assert.True(lostAt < grantedAt, $"told {Stopwatch.GetElapsedTime(grantedAt, lostAt)} after it was given away");

        await Run.RenewAsync(held);
        Assert.Equal(LeaseState.Held, held.State);
        await held.ReleaseAsync(Token);
        await using var turn = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.True(turn.FencingToken > held.FencingToken);

        // The old leader wakes, and has nothing to say of its own.
        await leader.ResumeAsync();
        await leader.ReadyAsync();
        await using var late = new Coordinator(ZooKeeperBackend.Create(leader.Address), options);
        Assert.Null(await late.CreateLock("x").TryAcquireAsync(TimeSpan.Zero, Token));
        Assert.Equal(LeaseState.Held, turn.State);
    }

    [Fact]
    public async Task What_was_released_over_one_server_is_free_over_another_at_once()
    {
        await using var ensemble = await ZooKeeperEnsemble.StartAsync();
        Coordinator[] coordinators = [.. ensemble.Members.Select(static member => Run.Coordinator(member.Address))];
        for (var round = 0; round < 30; round++)
        {
            var lease = await coordinators[round % 3].CreateLock("x").TryAcquireAsync(TimeSpan.Zero, Token);
            Assert.NotNull(lease);
            Assert.Single((await coordinators[(round + 1) % 3].InspectAsync("x", Token)).Holders);
            await lease.ReleaseAsync(Token);
            Assert.Empty((await coordinators[(round + 2) % 3].InspectAsync("x", Token)).Holders);
        }

        foreach (var coordinator in coordinators)
        {
            await coordinator.DisposeAsync();
        }
    }

    // A holder on a follower that is cut off right after a renewal: when it was told of its loss, if it was by then, and when another was granted.
    private async Task<(TimeSpan? Lost, TimeSpan Granted)> CutOffAsync(
        ZooKeeperEnsemble ensemble, ZooKeeperServerProcess follower, ZooKeeperServerProcess leader, ICoordinationBackend backend, string name, double seconds = 4)
    {
        await using var holder = new Coordinator(backend, new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(seconds) });
        await using var successor = Run.Coordinator(leader.Address);
        var held = await holder.CreateLock(name).AcquireAsync(Token);
        var lost = 0L;
        using var registration = held.Lost.Register(() => Volatile.Write(ref lost, Stopwatch.GetTimestamp()));
        var granted = GrantedAsync(successor.CreateLock(name));
        await Run.WaitersAsync(successor, name, 1);
        await RenewedAsync(held);

        ensemble.Link(follower, leader).Pause();
        var cut = Stopwatch.GetTimestamp();
        var grantedAfter = Stopwatch.GetElapsedTime(cut, await granted.WaitAsync(TimeSpan.FromSeconds(30), Token));
        TimeSpan? lostAfter = Volatile.Read(ref lost) is var at and not 0 ? Stopwatch.GetElapsedTime(cut, at) : null;
        output.WriteLine($"{name}: lost {lostAfter?.TotalSeconds.ToString("0.00 's'") ?? "not"}, given away {grantedAfter.TotalSeconds:0.00} s after the cut");
        ensemble.Link(follower, leader).Resume();
        return (lostAfter, grantedAfter);
    }

    private static async Task<long> GrantedAsync(IDistributedLock @lock)
    {
        await using (await @lock.AcquireAsync(Token))
        {
            return Stopwatch.GetTimestamp();
        }
    }

    // Returns right after the next renewal.
    private static Task RenewedAsync(ILease lease)
    {
        var remaining = lease.Remaining;
        return Run.UntilAsync(() =>
        {
            var before = remaining;
            remaining = lease.Remaining;
            return Task.FromResult(remaining > before);
        });
    }
}
