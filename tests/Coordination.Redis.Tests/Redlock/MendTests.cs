using System.Diagnostics;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>What was wrong once, each on three real masters.</summary>
public sealed class MendTests : IAsyncLifetime
{
    // No engine asks again: it is to be enough for the first connections on a busy machine.
    private static readonly TimeSpan MasterTimeout = TimeSpan.FromSeconds(5);

    private RedlockServers? _servers;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedlockServers Servers => _servers ?? throw new InvalidOperationException("The servers were not started.");

    public async ValueTask InitializeAsync() => _servers = await RedlockServers.StartAdmittedAsync(3);

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null)
        {
            await _servers.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_that_begins_to_wait_later_stands_behind_whatever_its_clock_says()
    {
        await using var ahead = Backend();
        await using var behind = Backend();
        await using var first = await OpenAsync(ahead);
        await using var second = await OpenAsync(behind);
        Assert.Equal(ClaimOutcome.Granted, (await first.ClaimAsync(Exclusive("lock", "holder"), Cancellation)).Outcome);
        Assert.Equal(ClaimOutcome.Waiting, (await first.ClaimAsync(Exclusive("lock", "early"), Cancellation)).Outcome);

        // Its proposals are seconds behind those of the first.
        behind.Tokens.Set(behind.Tokens.Propose() - 5_000_000, behind.Now);
        Assert.Equal(ClaimOutcome.Waiting, (await second.ClaimAsync(Exclusive("lock", "late"), Cancellation)).Outcome);
        Assert.Equal(ClaimOutcome.Waiting, (await first.ClaimAsync(Exclusive("lock", "last"), Cancellation)).Outcome);
        var queue = await ahead.InspectAsync("lock", holdersOnly: false, Cancellation);
        Assert.Equal(["early", "late", "last"], queue.Waiters.Select(static claim => claim.Id));
    }

    [Fact]
    public async Task Rule_18_a_reader_that_comes_after_a_writer_waits_whatever_its_clock_says()
    {
        await using var ahead = Backend();
        await using var behind = Backend();
        await using var writers = await OpenAsync(ahead);
        await using var readers = await OpenAsync(behind);
        Assert.Equal(ClaimOutcome.Granted, (await writers.ClaimAsync(Shared("rw", "reader"), Cancellation)).Outcome);
        Assert.Equal(ClaimOutcome.Waiting, (await writers.ClaimAsync(Exclusive("rw", "writer"), Cancellation)).Outcome);
        behind.Tokens.Set(behind.Tokens.Propose() - 5_000_000, behind.Now);
        Assert.Equal(ClaimOutcome.Waiting, (await readers.ClaimAsync(Shared("rw", "late"), Cancellation)).Outcome);

        // Nor by asking again.
        Assert.Equal(ClaimOutcome.Waiting, (await readers.ClaimAsync(Shared("rw", "late") with { Intent = ClaimIntent.FindExisting }, Cancellation)).Outcome);
    }

    [Fact]
    public async Task Rule_13_a_majority_is_not_added_up_over_two_renewals()
    {
        await using var backend = Backend();
        await using var session = await OpenAsync(backend);
        var claim = Exclusive("lock", "id");
        await session.ClaimAsync(claim, Cancellation);
        await EverywhereAsync("lock", "id");
        await (await Servers.DatabaseAsync(1)).HashDeleteAsync(new RedlockKeys("coordination").Of("lock").Leases, "id");

        // The first is confirmed by one master, the second by another.
        await Servers.All[2].FreezeAsync();
        await Assert.ThrowsAsync<CoordinationException>(() => session.RenewAsync([claim.Key], Cancellation).AsTask());
        await Servers.All[0].FreezeAsync();
        await Servers.All[2].ResumeAsync();
        await Assert.ThrowsAsync<CoordinationException>(() => session.RenewAsync([claim.Key], Cancellation).AsTask());

        // Nor did it enter the master that had lost it: nobody knows that it is held.
        Assert.False(await (await Servers.DatabaseAsync(1)).HashExistsAsync(new RedlockKeys("coordination").Of("lock").Leases, "id"));
    }

    [Fact]
    public async Task Rule_12_a_place_that_is_given_back_takes_back_no_later_attempt()
    {
        await using var backend = Backend();
        await using var session = await OpenAsync(backend);
        var granted = await session.ClaimAsync(Exclusive("lock", "id"), Cancellation);
        await EverywhereAsync("lock", "id");

        // What a renewal sends to a master that has no place of the claim, sent before the attempt that won, and late.
        await OnAllAsync(backend, RedlockScripts.Forfeit, backend.Arguments("lock", "id", 0, 0, 20_000, 0, 0, granted.Token.Value - 1, 5, 0, "- 0", ""));
        Assert.Equal(granted.Token, (await session.ClaimAsync(Exclusive("lock", "id"), Cancellation)).Token);
        Assert.Empty((await backend.InspectAsync("lock", holdersOnly: false, Cancellation)).Waiters);
    }

    [Fact]
    public async Task Rule_12_the_late_end_of_an_attempt_gives_no_place_to_a_claim_that_was_released()
    {
        await using var backend = Backend();
        await using var session = await OpenAsync(backend);
        await session.ClaimAsync(Exclusive("lock", "holder"), Cancellation);
        Assert.Equal(ClaimOutcome.Waiting, (await session.ClaimAsync(Exclusive("lock", "id"), Cancellation)).Outcome);
        await session.ReleaseAsync(new ClaimKey("lock", "holder"), Cancellation);
        var granted = await session.ClaimAsync(Exclusive("lock", "id"), Cancellation);
        Assert.Equal(ClaimOutcome.Granted, granted.Outcome);
        await EverywhereAsync("lock", "id");
        await session.ReleaseAsync(new ClaimKey("lock", "id"), Cancellation);

        // The end of the first attempt, which keeps its place. It may be late: a server that does not know the script is sent it again.
        await OnAllAsync(backend, RedlockScripts.Forfeit, backend.Arguments("lock", "id", 1, granted.Token.Value - 1, 20_000, 0, 0, granted.Token.Value - 1, 5, 0, "- 0", ""));
        Assert.Empty((await backend.InspectAsync("lock", holdersOnly: false, Cancellation)).Waiters);
    }

    [Fact]
    public async Task An_attempt_that_is_taken_back_wakes_who_waits_and_keeps_its_own_place()
    {
        await using var backend = Backend();
        var woken = await ListenAsync("woken");
        var claim = (string id, long token, string route) =>
            backend.Arguments("lock", id, 1, 0, 20_000, 0, 0, token, token, 5, 0, 0, route, "");
        Assert.Equal(1, (long)await backend.CallAsync(0, RedlockScripts.Claim, claim("a", 9_000_000_000_000_000, "- 0"), "claim", "lock", Cancellation));
        await backend.CallAsync(0, RedlockScripts.Claim, claim("b", 9_000_000_000_000_001, "woken 7"), "claim", "lock", Cancellation);
        var back = backend.Arguments("lock", "a", 1, 9_000_000_000_000_000, 20_000, 0, 0, 9_000_000_000_000_002, 5, 0, "- 0", "");
        Assert.Equal(1, (long)await backend.CallAsync(0, RedlockScripts.Forfeit, back, "release", "lock", Cancellation));
        Assert.Equal("7 b", await woken.WaitAsync(TimeSpan.FromSeconds(10), Cancellation));
        Assert.Equal(2, await (await Servers.DatabaseAsync(0)).SortedSetLengthAsync(new RedlockKeys("coordination").Of("lock").Waiting));
    }

    [Fact]
    public async Task An_attempt_that_is_refused_and_ends_an_earlier_one_wakes_who_waits()
    {
        await using var backend = Backend();
        var woken = await ListenAsync("woken");
        var claim = (string id, int attempt, long token, string route) =>
            backend.Arguments("lock", id, attempt, 0, 20_000, 0, 0, token, token, 5, 0, 0, route, "");
        Assert.Equal(1, (long)await backend.CallAsync(0, RedlockScripts.Claim, claim("a", 1, 9_000_000_000_000_000, "- 0"), "claim", "lock", Cancellation));
        await backend.CallAsync(0, RedlockScripts.Claim, claim("b", 1, 9_000_000_000_000_001, "woken 7"), "claim", "lock", Cancellation);

        // Its token is not above the register any more.
        var refusal = await backend.CallAsync(0, RedlockScripts.Claim, claim("a", 2, 8_000_000_000_000_000, "- 0"), "claim", "lock", Cancellation);
        Assert.NotEqual(ResultType.Integer, refusal.Resp2Type);
        Assert.Equal("7 b", await woken.WaitAsync(TimeSpan.FromSeconds(10), Cancellation));
    }

    [Fact]
    public async Task Operators_may_delete_the_longest_duration()
    {
        await using var backend = Backend();
        await using var session = await OpenAsync(backend);
        for (var master = 0; master < 3; master++)
        {
            await (await Servers.DatabaseAsync(master)).HashDeleteAsync("coordination:redlock", "longest");
        }

        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(Exclusive("lock", "id"), Cancellation)).Outcome);
        await EverywhereAsync("lock", "id");
        Assert.Equal(backend.Longest, (long)await (await Servers.DatabaseAsync(0)).HashGetAsync("coordination:redlock", "longest"));
    }

    [Fact]
    public async Task Renewals_go_through_servers_that_are_full()
    {
        await using var backend = Backend();
        await using var session = await OpenAsync(backend);
        var claim = Exclusive("lock", "id");
        await session.ClaimAsync(claim, Cancellation);
        for (var master = 0; master < 3; master++)
        {
            await (await Servers.DatabaseAsync(master)).ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        }

        Assert.DoesNotContain(
            (await session.RenewAsync([claim.Key], Cancellation)).Exceptions, static exception => exception.Outcome is ClaimRenewalOutcome.Lost or ClaimRenewalOutcome.Unconfirmed);
        await Assert.ThrowsAsync<CoordinationException>(() => session.ClaimAsync(Exclusive("another", "second"), Cancellation).AsTask());
    }

    [Fact]
    public async Task A_lease_that_was_detached_without_one_master_is_taken_over_by_one_of_many_that_want_it()
    {
        await using var backend = Backend();
        await using var holder = await OpenAsync(backend);
        for (var round = 0; round < 10; round++)
        {
            var key = new ClaimKey($"lock{round}", $"id{round}");
            var granted = await holder.ClaimAsync(Exclusive(key.Resource, key.Id), Cancellation);
            await EverywhereAsync(key.Resource, key.Id);
            for (var master = 0; master < 2; master++)
            {
                await backend.CallAsync(master, RedlockScripts.Detach, backend.Arguments(key.Resource, key.Id, 1, 20_000, "-"), "detach", key.Resource, Cancellation);
            }

            var ticket = new RedlockTicket(key, 1).ToString();
            var takers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                var taker = Backend();
                try
                {
                    return (Backend: taker, Session: await taker.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(20)) { Ticket = ticket }, new RecordingListener(), Cancellation));
                }
                catch (LeaseLostException)
                {
                    return (taker, null!);
                }
            }));
            var winner = Assert.Single(takers, static taker => taker.Session is not null);
            Assert.Equal(granted.Token, (await winner.Session.ClaimAsync(Exclusive(key.Resource, key.Id) with { Intent = ClaimIntent.FindExisting }, Cancellation)).Token);
            foreach (var taker in takers)
            {
                await taker.Backend.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Taking_a_lease_over_waits_for_no_silent_master()
    {
        await using var backend = Backend(TimeSpan.FromSeconds(20));
        await using var holder = await OpenAsync(backend);
        await holder.ClaimAsync(Exclusive("lock", "id"), Cancellation);
        await EverywhereAsync("lock", "id");
        var ticket = await holder.DetachAsync(new ClaimKey("lock", "id"), Cancellation);
        await Servers.All[0].FreezeAsync();
        var attached = backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(20)) { Ticket = ticket }, new RecordingListener(), Cancellation).AsTask();
        await using var session = await attached.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task An_attachment_without_an_answer_is_remembered_until_it_is_tried_again()
    {
        await using var backend = Backend();
        await using var holder = await OpenAsync(backend);
        await holder.ClaimAsync(Exclusive("lock", "id"), Cancellation);
        await EverywhereAsync("lock", "id");
        var request = new SessionRequest(TimeSpan.FromSeconds(20)) { Ticket = await holder.DetachAsync(new ClaimKey("lock", "id"), Cancellation) };
        await Servers.All[0].FreezeAsync();
        await Servers.All[1].FreezeAsync();
        await Assert.ThrowsAsync<CoordinationException>(async () => await backend.OpenSessionAsync(request, new RecordingListener(), Cancellation));
        Assert.Equal(1, backend.Attachments.Count);
        await Servers.All[0].ResumeAsync();
        await Servers.All[1].ResumeAsync();
        await using var attached = await backend.OpenSessionAsync(request, new RecordingListener(), Cancellation);
        Assert.Equal(0, backend.Attachments.Count);
    }

    [Fact]
    public async Task A_race_that_a_silent_master_decides_is_not_run_again_and_again()
    {
        await using var backend = Backend();
        await using var session = await OpenAsync(backend);
        await session.ClaimAsync(Exclusive("another", "first"), Cancellation);

        // One master is a rival's, one is free, and the third does not say.
        var rival = backend.Arguments("lock", "rival", 1, 1, 20_000, 0, 0, 9_000_000_000_000_000, 0, 5, 0, 0, "- 0", "");
        Assert.Equal(1, (long)await backend.CallAsync(1, RedlockScripts.Claim, rival, "claim", "lock", Cancellation));
        await Servers.All[0].FreezeAsync();
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(ClaimOutcome.Waiting, (await session.ClaimAsync(Exclusive("lock", "id"), Cancellation)).Outcome);
        Assert.True(Stopwatch.GetElapsedTime(began) < MasterTimeout * 2, $"{Stopwatch.GetElapsedTime(began)}");
    }

    [Fact]
    public async Task A_master_that_has_been_silent_is_not_waited_for_when_a_majority_has_answered()
    {
        var limit = TimeSpan.FromSeconds(4);
        await using var backend = Backend(limit);
        await using var session = await OpenAsync(backend);
        await session.ClaimAsync(Exclusive("another", "first"), Cancellation);
        await EverywhereAsync("another", "first");

        // As above.
        var rival = backend.Arguments("lock", "rival", 1, 1, 20_000, 0, 0, 9_000_000_000_000_000, 0, 5, 0, 0, "- 0", "");
        Assert.Equal(1, (long)await backend.CallAsync(1, RedlockScripts.Claim, rival, "claim", "lock", Cancellation));
        await Servers.All[0].FreezeAsync();
        await session.ClaimAsync(Exclusive("lock", "id"), Cancellation);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(ClaimOutcome.Waiting, (await session.ClaimAsync(Exclusive("lock", $"id{i}"), Cancellation)).Outcome);
            await backend.InspectAsync("lock", holdersOnly: false, Cancellation);
        }

        Assert.True(Stopwatch.GetElapsedTime(began) < limit, $"{Stopwatch.GetElapsedTime(began)}");
    }

    [Fact]
    public async Task A_frozen_master_is_not_sent_again_and_again_what_it_is_owed()
    {
        const int Leases = 20;
        await using var backend = Backend(TimeSpan.FromSeconds(3));
        await using var coordinator = new Coordinator(backend);
        var leases = new List<ILease>();
        for (var i = 0; i < Leases; i++)
        {
            leases.Add(await coordinator.CreateLock($"lock{i}").AcquireAsync(Cancellation));
        }

        // What the claims send to the third master is not counted.
        foreach (var lease in leases.Cast<IBackendLease>())
        {
            await EverywhereAsync(lease.Claim.Resource, lease.Claim.Id);
        }

        var before = await CallsAsync(0);
        await Servers.All[0].FreezeAsync();
        foreach (var lease in leases)
        {
            await lease.ReleaseAsync(Cancellation);
        }

        // Enough for two calls that it does not answer, after those that were under way.
        await Task.Delay(TimeSpan.FromSeconds(8), Cancellation);
        await Servers.All[0].ResumeAsync();
        var began = Stopwatch.GetTimestamp();
        while (backend.Owed.Count > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20), $"{backend.Owed.Count} are still owed.");
            await Task.Delay(50, Cancellation);
        }

        // Each of them, once more each, and a few to see whether it answers.
        Assert.InRange(await CallsAsync(0) - before, Leases, (Leases * 2) + 12);
    }

    [Fact]
    public async Task What_a_dead_master_is_owed_is_no_reason_to_look_at_all_of_them()
    {
        const int Leases = 50;
        await using var coordinator = new Coordinator(Backend(TimeSpan.FromSeconds(1)));
        await using (await coordinator.CreateLock("first").AcquireAsync(Cancellation))
        {
            await Servers.All[0].KillAsync();
        }

        var before = await CallsAsync(1);
        for (var i = 0; i < Leases; i++)
        {
            await using var lease = await coordinator.CreateLock("lock").AcquireAsync(Cancellation);
        }

        // A claim and a release, and a look now and then.
        Assert.InRange(await CallsAsync(1) - before, Leases * 2, (Leases * 2) + (Leases / 2));
    }

    [Fact]
    public async Task A_permit_is_asked_for_again_when_the_first_of_them_ends()
    {
        await using var backend = Backend();
        await using var longer = await OpenAsync(backend);
        await using var shorter = await OpenAsync(backend, TimeSpan.FromSeconds(8));
        Assert.Equal(ClaimOutcome.Granted, (await longer.ClaimAsync(Permit("a"), Cancellation)).Outcome);
        Assert.Equal(ClaimOutcome.Granted, (await shorter.ClaimAsync(Permit("b"), Cancellation)).Outcome);
        for (var i = 0; i < 6; i++)
        {
            // Whichever slot it tries.
            var result = await longer.ClaimAsync(Permit($"c{i}"), Cancellation);
            Assert.Equal(ClaimOutcome.Waiting, result.Outcome);
            Assert.InRange(result.RecheckAfter!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(8.1));
        }

        static ClaimRequest Permit(string id) => new(new ClaimKey("permits", id), ClaimMode.Counted, 2, "");
    }

    [Fact]
    public async Task A_master_that_is_kept_out_is_logged_once()
    {
        using var log = new RecordingLog();
        await using var backend = RedlockBackend.Create(Servers.Options(MasterTimeout), log);
        await using var session = await OpenAsync(backend);
        await session.ClaimAsync(Exclusive("lock", "id"), Cancellation);
        await Servers.FlushAsync(0);
        for (var i = 0; i < 20; i++)
        {
            await session.ClaimAsync(Exclusive($"lock{i}", $"id{i}"), Cancellation);
            await backend.MaintainAsync(Cancellation);
        }

        Assert.Single(log.Events, static logged => logged.Id == 2062);
    }

    private static ClaimRequest Exclusive(string name, string id) => new(new ClaimKey(name, id), ClaimMode.Exclusive, 1, "");

    private static ClaimRequest Shared(string name, string id) => new(new ClaimKey(name, id), ClaimMode.Shared, 1, "");

    private static async Task<IBackendSession> OpenAsync(RedlockBackend backend, TimeSpan? duration = null) =>
        await backend.OpenSessionAsync(new SessionRequest(duration ?? TimeSpan.FromSeconds(20)), new RecordingListener(), Cancellation);

    private static async Task OnAllAsync(RedlockBackend backend, RedisScript script, RedisArguments arguments)
    {
        for (var master = 0; master < 3; master++)
        {
            await backend.CallAsync(master, script, arguments, "release", "lock", Cancellation);
        }
    }

    private RedlockBackend Backend(TimeSpan? masterTimeout = null) => RedlockBackend.Create(Servers.Options(masterTimeout ?? MasterTimeout));

    private async Task<long> CallsAsync(int master) =>
        Conformance.RedisStatistics.ScriptCalls((await Servers.AdminAsync(master)).GetServer(Servers.All[master].EndPoint));

    private async Task<Task<string>> ListenAsync(string channel)
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await (await Servers.AdminAsync(0)).GetSubscriber().SubscribeAsync(RedisChannel.Literal(channel), (_, message) => heard.TrySetResult(message!));
        return heard.Task;
    }

    // A majority is enough for a grant; the last master may take a moment.
    private async Task EverywhereAsync(string name, string id)
    {
        var began = Stopwatch.GetTimestamp();
        for (var master = 0; master < 3; master++)
        {
            while (!await (await Servers.DatabaseAsync(master)).HashExistsAsync(new RedlockKeys("coordination").Of(name).Leases, id))
            {
                Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), $"{id} is not on master {master}.");
                await Task.Delay(5, Cancellation);
            }
        }
    }
}
