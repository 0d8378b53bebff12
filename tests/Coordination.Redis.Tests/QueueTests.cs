using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;

namespace Coordination.Redis.Tests;

/// <summary>Order, the rule of grants, and what may happen to a claim on its way.</summary>
public abstract class QueueTests(IServerFixture fixture) : BackendTests(fixture)
{
    [Fact]
    public async Task Grants_in_order_of_arrival_and_tells_the_next_with_its_token()
    {
        var (first, token) = await HoldAsync();
        var (second, _) = await QueueAsync();
        var (third, _) = await QueueAsync();

        Assert.True(await Session.ReleaseAsync(first, Token));
        var secondToken = await Hints.GrantOfAsync(second.Id);
        Assert.Equal([second.Id], await HoldersAsync());
        Assert.True(await Session.ReleaseAsync(second, Token));
        var thirdToken = await Hints.GrantOfAsync(third.Id);

        Assert.True(token < secondToken);
        Assert.True(secondToken < thirdToken);
    }

    [Fact]
    public async Task A_claim_that_is_there_already_is_not_made_twice()
    {
        var (held, token) = await HoldAsync();
        var (waiting, _) = await QueueAsync();

        var (_, again) = await ClaimAsync(id: held.Id);
        var (_, waitingAgain) = await ClaimAsync(id: waiting.Id);

        Assert.Equal((ClaimOutcome.Granted, token), (again.Outcome, again.Token));
        Assert.Equal(ClaimOutcome.Waiting, waitingAgain.Outcome);
        Assert.Single((await Backend.InspectAsync(Resource, false, Token)).Waiters);
    }

    [Fact]
    public async Task Trying_once_and_looking_leave_nothing_behind()
    {
        var (free, _) = await ClaimAsync(intent: ClaimIntent.FindExisting);
        Assert.Equal(0, await Database.KeyExistsAsync([Backend.Keys.Of(Resource).Claims, Backend.Keys.Of(Resource).Waiters]));
        await HoldAsync();

        var (tried, result) = await ClaimAsync(intent: ClaimIntent.TryOnce);

        Assert.Equal(ClaimOutcome.Refused, result.Outcome);
        Assert.Equal(ClaimOutcome.Refused, await FindAsync(tried));
        Assert.Equal(ClaimOutcome.Refused, await FindAsync(free));
        Assert.Equal(2, await Database.HashLengthAsync(Backend.Keys.Of(Resource).Claims));
    }

    [Fact]
    public async Task A_newcomer_does_not_overtake_those_who_wait()
    {
        await HoldAsync(ClaimMode.Shared);
        await QueueAsync(ClaimMode.Exclusive);

        await QueueAsync(ClaimMode.Shared);
        var (_, tried) = await ClaimAsync(ClaimMode.Shared, intent: ClaimIntent.TryOnce);

        Assert.Equal(ClaimOutcome.Refused, tried.Outcome);
    }

    [Fact]
    public async Task Readers_at_the_head_are_granted_together_up_to_the_next_writer()
    {
        var (writer, _) = await HoldAsync();
        var (one, _) = await QueueAsync(ClaimMode.Shared);
        var (two, _) = await QueueAsync(ClaimMode.Shared);
        var (next, _) = await QueueAsync(ClaimMode.Exclusive);
        var (behind, _) = await QueueAsync(ClaimMode.Shared);

        await Session.ReleaseAsync(writer, Token);
        Assert.Equal([one.Id, two.Id], await HoldersAsync());
        await Session.ReleaseAsync(one, Token);
        Assert.Equal([two.Id], await HoldersAsync());
        await Session.ReleaseAsync(two, Token);
        Assert.Equal([next.Id], await HoldersAsync());
        await Session.ReleaseAsync(next, Token);
        Assert.Equal([behind.Id], await HoldersAsync());
    }

    [Fact]
    public async Task Rule_1_a_counted_claim_of_a_smaller_limit_is_not_granted_beside_a_larger()
    {
        var (held, _) = await HoldAsync(ClaimMode.Counted, 3);
        var (one, _) = await QueueAsync(ClaimMode.Counted, 1);
        await QueueAsync(ClaimMode.Counted, 3);

        await Session.ReleaseAsync(held, Token);

        // And the smallest of those that hold binds the larger ones behind it.
        Assert.Equal([one.Id], await HoldersAsync());
    }

    [Fact]
    public async Task Rule_1_the_smallest_limit_is_counted_afresh_when_its_holder_goes()
    {
        var (small, _) = await HoldAsync(ClaimMode.Counted, 2);
        var (large, _) = await HoldAsync(ClaimMode.Counted, 4);
        var (third, _) = await QueueAsync(ClaimMode.Counted, 4);
        var (fourth, _) = await QueueAsync(ClaimMode.Counted, 4);

        await Session.ReleaseAsync(small, Token);

        Assert.Equal([large.Id, third.Id, fourth.Id], await HoldersAsync());
    }

    [Fact]
    public async Task Rule_1_holds_for_any_mixture()
    {
        var random = new Random(42);
        var queue = new List<(ClaimKey Key, ClaimMode Mode, int Limit)>();
        for (var step = 0; step < 400; step++)
        {
            if (queue.Count > 0 && random.Next(12) < queue.Count)
            {
                var place = random.Next(queue.Count);
                Assert.True(await Session.ReleaseAsync(queue[place].Key, Token));
                queue.RemoveAt(place);
            }
            else
            {
                var (mode, limit) = (random.GetItems(Enum.GetValues<ClaimMode>(), 1)[0], random.Next(1, 5));
                var (key, _) = await ClaimAsync(mode, limit);
                queue.Add((key, mode, limit));
            }

            var rule = new GrantRule();
            var expected = queue.TakeWhile(claim => rule.TryGrant(claim.Mode, claim.Limit)).Select(claim => claim.Key.Id).ToArray();
            var snapshot = await Backend.InspectAsync(Resource, holdersOnly: false, Token);
            Assert.Equal(expected, snapshot.Holders.Select(claim => claim.Id));
            Assert.Equal(queue.Skip(expected.Length).Select(claim => claim.Key.Id), snapshot.Waiters.Select(claim => claim.Id));
        }
    }

    [Fact]
    public async Task Rule_5_a_cancel_that_meets_its_grant_removes_it_and_grants_the_next()
    {
        var (held, _) = await HoldAsync();
        var (cancelled, _) = await QueueAsync();
        var (next, _) = await QueueAsync();
        await Session.ReleaseAsync(held, Token);
        await Hints.GrantOfAsync(cancelled.Id);

        // The grant is on its way to us; the caller has gone.
        Assert.True(await Session.ReleaseAsync(cancelled, Token));

        await Hints.GrantOfAsync(next.Id);
        Assert.Equal([next.Id], await HoldersAsync());
    }

    [Fact]
    public async Task Rule_5_a_late_copy_of_a_claim_that_was_cancelled_does_not_enter()
    {
        await HoldAsync();
        var (waiting, _) = await QueueAsync();
        Assert.True(await Session.ReleaseAsync(waiting, Token));

        // The claim overtaken by its own release.
        var overtaken = new ClaimKey(Resource, NewId());
        Assert.False(await Session.ReleaseAsync(overtaken, Token));

        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(id: waiting.Id)).Result.Outcome);
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(id: overtaken.Id)).Result.Outcome);
    }

    [Fact]
    public async Task A_waiter_in_the_middle_that_leaves_promotes_nobody()
    {
        var (held, _) = await HoldAsync();
        var (middle, _) = await QueueAsync();
        var (last, _) = await QueueAsync();

        await Session.ReleaseAsync(middle, Token);

        Assert.Equal([held.Id], await HoldersAsync());
        Assert.Equal(ClaimOutcome.Waiting, await FindAsync(last));
        Assert.Empty(Hints.Grants);
    }

    [Fact]
    public async Task A_waiter_deleted_by_hand_leaves_the_next_its_turn_and_nobody_overtakes()
    {
        var (held, _) = await HoldAsync();
        var (deleted, _) = await QueueAsync();
        var (next, _) = await QueueAsync();
        await Database.HashDeleteAsync(Backend.Keys.Of(Resource).Claims, deleted.Id);

        // The renewal of what is gone counts the queue afresh: without the deleted, which still has its place in the order.
        await Session.RenewAsync([deleted], Token);
        await Session.ReleaseAsync(held, Token);

        await Hints.GrantOfAsync(next.Id);
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(intent: ClaimIntent.TryOnce)).Result.Outcome);
        Assert.Equal([next.Id], await HoldersAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_order_of_the_waiting_is_lost_nobody_is_forgotten(bool isAskedFor)
    {
        var (held, _) = await HoldAsync();
        var (first, _) = await QueueAsync();
        var (second, _) = await QueueAsync();
        await Database.KeyDeleteAsync(Backend.Keys.Of(Resource).Waiters);

        if (isAskedFor)
        {
            Assert.Equal(ClaimOutcome.Waiting, await FindAsync(second));
        }

        await Session.ReleaseAsync(held, Token);
        await Hints.GrantOfAsync(first.Id);
        await Session.ReleaseAsync(first, Token);
        await Hints.GrantOfAsync(second.Id);
        Assert.Equal([second.Id], await HoldersAsync());
    }

    [Fact]
    public async Task A_grant_is_told_to_the_session_that_waits_for_it_alone()
    {
        await using var other = Connect();
        var otherHints = new Hints();
        var otherSession = await OpenAsync(hints: otherHints, backend: other);
        var sameHints = new Hints();
        await OpenAsync(hints: sameHints);
        var (held, _) = await HoldAsync();
        var (theirs, _) = await QueueAsync(session: otherSession);
        var (mine, _) = await QueueAsync();

        await Session.ReleaseAsync(held, Token);
        await otherHints.GrantOfAsync(theirs.Id);
        await otherSession.ReleaseAsync(theirs, Token);
        await Hints.GrantOfAsync(mine.Id);

        Assert.Single(otherHints.Grants);
        Assert.Single(Hints.Grants);
        Assert.Empty(sameHints.Grants);
    }

    [Fact]
    public async Task Ending_a_session_releases_all_its_claims_and_grants_what_waits()
    {
        var ending = await OpenAsync();
        var (held, _) = await HoldAsync(session: ending);
        var (waiting, _) = await QueueAsync(session: ending);
        var (next, _) = await QueueAsync();

        await ending.EndAsync([waiting, held], Token);

        await Hints.GrantOfAsync(next.Id);
        Assert.Empty((await Backend.InspectAsync(Resource, false, Token)).Waiters);
    }
}

/// <inheritdoc/>
public sealed class RedisQueueTests(RedisFixture fixture) : QueueTests(fixture), IClassFixture<RedisFixture>;

/// <inheritdoc/>
public sealed class GarnetQueueTests(GarnetFixture fixture) : QueueTests(fixture), IClassFixture<GarnetFixture>;
