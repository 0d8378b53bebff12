using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.InMemory;

/// <summary>What keeps claims alive, and how it ends or moves.</summary>
public sealed class SessionTests : InMemoryTest
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task A_waiter_behind_a_dead_session_is_granted_when_that_expires()
    {
        var dead = new RecordingListener();
        var alive = new RecordingListener();
        await ClaimAsync(await OpenAsync(dead), "a");
        var waiter = await OpenAsync(alive, Server.CreateBackend(), TimeSpan.FromMinutes(1));
        await ClaimAsync(waiter, "b");
        Time.Advance(Duration - Tick);
        Assert.Empty(alive.Hints);
        Time.Advance(Tick);
        Assert.Equal(["granted b"], alive.Hints);
        Assert.Equal(["session lost"], dead.Hints);
    }

    [Fact]
    public async Task A_dead_waiter_promotes_nobody()
    {
        var behind = new RecordingListener();
        await ClaimAsync(await OpenAsync(duration: TimeSpan.FromMinutes(1)), "a");
        await ClaimAsync(await OpenAsync(), "b");
        await ClaimAsync(await OpenAsync(behind, duration: TimeSpan.FromMinutes(1)), "c");
        Time.Advance(Duration);
        Assert.Equal("a | c", await QueueAsync());
        Assert.Empty(behind.Hints);
    }

    [Fact]
    public async Task Sessions_that_expire_together_hand_nothing_to_each_other()
    {
        var waiter = new RecordingListener();
        var last = new RecordingListener();
        await ClaimAsync(await OpenAsync(), "a");
        await ClaimAsync(await OpenAsync(waiter), "b");
        await ClaimAsync(await OpenAsync(last, duration: TimeSpan.FromMinutes(1)), "c");
        Time.Advance(Duration);
        Assert.Equal(["session lost"], waiter.Hints);
        Assert.Equal(["granted c"], last.Hints);
    }

    [Fact]
    public async Task A_renewal_keeps_a_session_for_its_duration()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        await ClaimAsync(session, "a");
        for (var i = 0; i < 5; i++)
        {
            Time.Advance(Duration - Tick);
            var renewal = await RenewAsync(session, "a");
            Assert.False(renewal.IsSessionLost);
            Assert.Equal(Duration, renewal.Remaining);
        }

        Assert.Equal("a |", await QueueAsync());
        Time.Advance(Duration);
        Assert.True((await RenewAsync(session, "a")).IsSessionLost);
        Assert.Equal(["session lost"], listener.Hints);
    }

    [Fact]
    public async Task A_renewal_tells_what_became_of_each_claim()
    {
        Connection.OnHint = static _ => { };
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        await ClaimAsync(session, "a", resource: "another");
        await ClaimAsync(session, "b");
        await ClaimAsync(session, "c");
        await ReleaseAsync(session, "b");
        var token = (await ClaimAsync(session, "c", intent: ClaimIntent.FindExisting)).Token;
        var renewal = await session.RenewAsync([Key("a", "another"), Key("gone"), Key("c")], Ct);
        Assert.Equal(
            [new ClaimRenewal(1, ClaimRenewalOutcome.Lost), new ClaimRenewal(2, ClaimRenewalOutcome.Granted, token)],
            renewal.Exceptions);
        Assert.Empty(listener.Hints);
    }

    [Fact]
    public async Task A_renewal_makes_nothing_that_is_not_there()
    {
        var session = await OpenAsync();
        await RenewAsync(session, "a");
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_lost_session_answers_that_it_is_lost()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        Time.Advance(Duration);
        Assert.Equal(ClaimOutcome.SessionLost, (await ClaimAsync(session, "a")).Outcome);
        Assert.Equal(ClaimOutcome.SessionLost, (await ClaimAsync(session, "b")).Outcome);
        Assert.False(await ReleaseAsync(session, "a"));
        Assert.False(await session.SetValueAsync(Key("a"), "new", Ct));
        Assert.Null(await session.DetachAsync(Key("a"), Ct));
        await session.EndAsync([], Ct);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task Ending_a_session_frees_its_claims_at_once_and_tells_it_nothing()
    {
        var ended = new RecordingListener();
        var waiting = new RecordingListener();
        var session = await OpenAsync(ended);
        await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        await ClaimAsync(await OpenAsync(waiting), "c");
        await session.EndAsync([Key("a")], Ct);
        Assert.Equal(["granted c"], waiting.Hints);
        Assert.Empty(ended.Hints);
        Assert.Equal(ClaimOutcome.SessionLost, (await ClaimAsync(session, "d")).Outcome);
    }

    [Fact]
    public async Task Disposing_sends_nothing_and_stops_the_hints()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        await ClaimAsync(session, "a");
        await session.DisposeAsync();
        Assert.Equal("a |", await QueueAsync());
        Time.Advance(Duration);
        Assert.Equal("|", await QueueAsync());
        Assert.Empty(listener.Hints);
    }

    [Fact]
    public async Task Disposing_a_connection_sends_nothing()
    {
        await ClaimAsync(await OpenAsync(), "a");
        await Connection.DisposeAsync();
        Assert.Equal("a |", await QueueAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => OpenAsync());
        Time.Advance(Duration);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_detached_session_moves_with_its_claim_once()
    {
        var left = await OpenAsync();
        var token = (await ClaimAsync(left, "a")).Token;
        Time.Advance(TimeSpan.FromSeconds(5));
        var ticket = await left.DetachAsync(Key("a"), Ct);
        Assert.NotNull(ticket);
        Assert.Equal(ticket, await left.DetachAsync(Key("a"), Ct));
        await left.DisposeAsync();
        Time.Advance(TimeSpan.FromSeconds(9));

        var heir = await OpenAsync(on: Server.CreateBackend(), duration: TimeSpan.FromSeconds(20), ticket: ticket);
        Assert.Equal(TimeSpan.FromSeconds(20), heir.Duration);
        Assert.Equal(ClaimResult.Granted(token), await ClaimAsync(heir, "a", intent: ClaimIntent.FindExisting));

        // What its former owner says no longer counts.
        Assert.False(await ReleaseAsync(left, "a"));
        Assert.Equal(ClaimOutcome.SessionLost, (await ClaimAsync(left, "a")).Outcome);
        await Assert.ThrowsAsync<LeaseLostException>(() => OpenAsync(ticket: ticket));
        Time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal("a |", await QueueAsync());
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task Only_a_granted_claim_can_be_detached()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        Assert.Null(await session.DetachAsync(Key("b"), Ct));
        Assert.Null(await session.DetachAsync(Key("c"), Ct));
        Assert.Equal("a | b", await QueueAsync());
    }

    [Fact]
    public async Task A_detached_session_that_nobody_takes_ends_by_itself()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        var ticket = await session.DetachAsync(Key("a"), Ct);
        Time.Advance(Duration);
        await Assert.ThrowsAsync<LeaseLostException>(() => OpenAsync(ticket: ticket));
    }

    [Fact]
    public async Task Exactly_one_of_many_takes_a_session_over()
    {
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        var ticket = await session.DetachAsync(Key("a"), Ct);
        var won = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                try
                {
                    await OpenAsync(on: Server.CreateBackend(), ticket: ticket);
                    return 1;
                }
                catch (LeaseLostException)
                {
                    return 0;
                }
            },
            Ct)));
        Assert.Equal(1, won.Sum());
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("in-memory:1")]
    [InlineData("in-memory:00000000000000000000000000000000:1")]
    [InlineData("in-memory:xyz:1")]
    public async Task What_is_no_ticket_is_refused_before_anything_is_sent(string ticket)
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => OpenAsync(ticket: ticket));
        Assert.Equal("request", exception.ParamName);
        Assert.Equal(0, Server.CountOf(InMemoryOperation.OpenSession));
    }
}
