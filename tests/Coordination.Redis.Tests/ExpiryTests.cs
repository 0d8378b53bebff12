using System.Diagnostics;
using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;

namespace Coordination.Redis.Tests;

/// <summary>What time does: expiry, renewal, and when to ask again.</summary>
public abstract class ExpiryTests(IServerFixture fixture) : BackendTests(fixture)
{
    [Fact]
    public async Task Rule_4_an_id_that_expired_is_used_up_for_a_duration_and_then_free()
    {
        var brief = await OpenAsync(3_000);
        var (dead, token) = await HoldAsync(session: brief);
        await UntilAsync(async () => (await HoldersAsync()).Length == 0);
        var (next, nextToken) = await HoldAsync(session: brief);

        // Copy 2 of the first claim: were it to make the claim anew, the reply of copy 1 ("token 1") would be believed.
        var (_, copy) = await ClaimAsync(id: dead.Id, session: brief);

        Assert.Equal(ClaimOutcome.Refused, copy.Outcome);
        Assert.True(token < nextToken);
        await brief.ReleaseAsync(next, Token);
        await UntilAsync(async () => (await ClaimAsync(id: dead.Id, session: brief)).Result.Outcome == ClaimOutcome.Granted);
    }

    [Fact]
    public async Task Rule_7_a_grant_does_not_re_arm_so_a_dead_granted_waiter_keeps_nobody_for_longer()
    {
        var (holder, _) = await HoldAsync();
        var dying = await OpenAsync(6_000);
        var (dead, _) = await QueueAsync(session: dying);
        var entered = Stopwatch.GetTimestamp();
        var (next, _) = await QueueAsync();

        // Granted some time after it was entered, to a process that is gone.
        await PassAsync(TimeSpan.FromSeconds(1));
        await Session.ReleaseAsync(holder, Token);
        Assert.Equal([dead.Id], await HoldersAsync());
        var passed = Stopwatch.GetElapsedTime(entered);
        var left = (await Backend.InspectAsync(Resource, false, Token)).RecheckAfter;

        // However long all that took, a grant that re-armed it would leave it a second more. The server goes by another clock, which is set now and then.
        Assert.InRange(left!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(6_010) - passed);
        await UntilAsync(async () => (await ClaimAsync(id: next.Id)).Result.Outcome == ClaimOutcome.Granted);
    }

    [Fact]
    public async Task Rule_8_who_asks_when_told_to_is_granted_at_once()
    {
        var (_, _) = await HoldAsync(session: await OpenAsync(3_000));
        var (waiting, recheck) = await QueueAsync();

        await PassAsync(recheck!.Value);

        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(id: waiting.Id)).Result.Outcome);
    }

    [Fact]
    public async Task Rule_8_an_exclusive_claim_asks_again_when_the_last_of_all_ahead_expires()
    {
        await HoldAsync(session: await OpenAsync(20_000));
        await QueueAsync(session: await OpenAsync(40_000));

        var (_, recheck) = await QueueAsync(session: await OpenAsync(10_000));

        AssertAbout(40, recheck);
    }

    [Fact]
    public async Task Rule_8_a_shared_claim_does_not_wait_for_the_shared_ahead()
    {
        await HoldAsync(session: await OpenAsync(20_000));
        await QueueAsync(ClaimMode.Shared, session: await OpenAsync(60_000));

        var (_, recheck) = await QueueAsync(ClaimMode.Shared);

        AssertAbout(20, recheck);
    }

    [Fact]
    public async Task Rule_8_a_counted_claim_asks_again_when_enough_ahead_have_expired()
    {
        foreach (var seconds in (int[])[50, 20, 40, 30])
        {
            await HoldAsync(ClaimMode.Counted, 4, await OpenAsync(seconds * 1000));
        }

        var (_, four) = await QueueAsync(ClaimMode.Counted, 4);
        AssertAbout(20, four);

        // Ahead of this one are five, the last of them until 30 s; two may stay.
        var (_, three) = await QueueAsync(ClaimMode.Counted, 3);
        AssertAbout(30, three);
    }

    [Fact]
    public async Task Rule_8_those_far_back_do_not_ask_again()
    {
        await HoldAsync();
        for (var i = 0; i < 32; i++)
        {
            Assert.NotNull((await QueueAsync()).RecheckAfter);
        }

        Assert.Null((await QueueAsync()).RecheckAfter);
    }

    [Fact]
    public async Task Rule_8_with_many_holders_the_first_waiters_ask_again_at_the_first_expiry()
    {
        for (var i = 0; i < 40; i++)
        {
            await HoldAsync(ClaimMode.Counted, 40, i == 17 ? await OpenAsync(10_000) : Session);
        }

        AssertAbout(10, (await QueueAsync(ClaimMode.Counted, 40)).RecheckAfter);
    }

    [Fact]
    public async Task A_renewal_keeps_claims_and_says_which_are_granted_or_gone()
    {
        var brief = await OpenAsync(4_000);
        var (held, _) = await HoldAsync(session: brief);
        var (waiting, _) = await QueueAsync(session: brief);
        ClaimKey[] claims = [held, waiting];
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5))
        {
            var kept = await brief.RenewAsync(claims, Token);
            Assert.Empty(kept.Exceptions);
            Assert.Equal(brief.Duration, kept.Remaining);
            await Task.Delay(20, Token);
        }

        await brief.ReleaseAsync(held, Token);
        var never = new ClaimKey(Resource, NewId());
        var result = await brief.RenewAsync([held, waiting, never], Token);

        var token = await Hints.GrantOfAsync(waiting.Id);
        Assert.False(result.IsSessionLost);
        Assert.Equal(
            [new(0, ClaimRenewalOutcome.Lost), new(1, ClaimRenewalOutcome.Granted, token), new(2, ClaimRenewalOutcome.Lost)],
            result.Exceptions);
        Assert.Equal([waiting.Id], await HoldersAsync());
    }

    [Fact]
    public async Task A_renewal_does_not_revive_what_has_expired()
    {
        var brief = await OpenAsync(200);
        var (dead, _) = await HoldAsync(session: brief);
        await UntilAsync(async () => (await HoldersAsync()).Length == 0);

        var result = await brief.RenewAsync([dead], Token);

        Assert.Equal([new(0, ClaimRenewalOutcome.Lost)], result.Exceptions);
        Assert.Equal(ClaimOutcome.Refused, await FindAsync(dead));
    }

    [Fact]
    public async Task A_renewal_of_a_waiter_finds_the_dead_holder_and_grants_who_is_next()
    {
        await HoldAsync(session: await OpenAsync(3_000));
        var (first, _) = await QueueAsync();
        var (second, _) = await QueueAsync();
        await UntilAsync(async () => (await HoldersAsync()).Length == 0);

        // The one behind renews: the one ahead is granted and hears of it.
        await Session.RenewAsync([second], Token);

        await Hints.GrantOfAsync(first.Id);
        Assert.Equal([first.Id], await HoldersAsync());
    }

    [Fact]
    public async Task A_claim_deleted_by_force_is_lost_alone_and_what_waits_behind_it_is_granted()
    {
        var (deleted, _) = await HoldAsync();
        var (waiting, _) = await QueueAsync();
        await Database.HashDeleteAsync(Backend.Keys.Of(Resource).Claims, deleted.Id);

        var result = await Session.RenewAsync([deleted, waiting], Token);

        Assert.Equal(new ClaimRenewal(0, ClaimRenewalOutcome.Lost), result.Exceptions[0]);
        Assert.Equal(await Hints.GrantOfAsync(waiting.Id), result.Exceptions[1].Token);
    }

    [Fact]
    public async Task A_claim_lasts_for_the_whole_of_its_duration()
    {
        var brief = await OpenAsync(100);
        for (var i = 0; i < 10; i++)
        {
            var sent = Stopwatch.GetTimestamp();
            var (key, result) = await ClaimAsync(session: brief);
            Assert.Equal(ClaimOutcome.Granted, result.Outcome);
            await UntilAsync(async () => (await HoldersAsync()).Length == 0);

            // From before the send: how long the answer was on its way is not known.
            Assert.True(Stopwatch.GetElapsedTime(sent) > result.Remaining);
            await brief.ReleaseAsync(key, Token);
        }
    }

    private static void AssertAbout(int seconds, TimeSpan? recheck)
    {
        Assert.NotNull(recheck);
        Assert.InRange(recheck.Value, TimeSpan.FromSeconds(seconds - 5), TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(2));
    }
}

/// <inheritdoc/>
public sealed class RedisExpiryTests(RedisFixture fixture) : ExpiryTests(fixture), IClassFixture<RedisFixture>;

/// <inheritdoc/>
public sealed class GarnetExpiryTests(GarnetFixture fixture) : ExpiryTests(fixture), IClassFixture<GarnetFixture>;
