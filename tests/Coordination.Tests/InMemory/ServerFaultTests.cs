using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.InMemory;

/// <summary>The hooks of the server: frozen, restarted, and made to forget.</summary>
public sealed class ServerFaultTests : InMemoryTest
{
    [Fact]
    public async Task A_frozen_server_answers_nothing_and_applies_what_waited_in_order()
    {
        var session = await OpenAsync();
        Server.Freeze();
        Assert.True(Server.IsFrozen);
        var claims = new[] { "a", "b", "c" }.Select(id => ClaimAsync(session, id)).ToArray();
        Assert.All(claims, static claim => Assert.False(claim.IsCompleted));
        Assert.Equal(0, Server.CountOf(InMemoryOperation.Claim));
        Server.Thaw();
        Assert.Equal(3, Server.CountOf(InMemoryOperation.Claim));
        await Task.WhenAll(claims);
        Assert.Equal("a | b c", await QueueAsync());
        Assert.False(Server.IsFrozen);
    }

    [Fact]
    public async Task What_a_cancelled_caller_sent_to_a_frozen_server_is_applied_at_the_thaw()
    {
        var session = await OpenAsync();
        using var cancellation = new CancellationTokenSource();
        Server.Freeze();
        var claim = ClaimAsync(session, "a", cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        Server.Thaw();
        Assert.Equal("a |", await QueueAsync());
    }

    [Fact]
    public async Task Nothing_expires_and_nobody_is_told_while_frozen_and_the_thaw_catches_up_before_a_late_renewal()
    {
        var dead = new RecordingListener();
        var next = new RecordingListener();
        var session = await OpenAsync(dead);
        await ClaimAsync(session, "a");
        await ClaimAsync(await OpenAsync(next, duration: TimeSpan.FromMinutes(1)), "b");
        Server.Freeze();
        var renewal = RenewAsync(session, "a");
        Time.Advance(Duration);
        Assert.Empty(dead.Hints);
        Assert.Empty(next.Hints);
        Server.Thaw();
        Assert.Equal(["session lost"], dead.Hints);
        Assert.Equal(["granted b"], next.Hints);
        Assert.True((await renewal).IsSessionLost);
    }

    [Fact]
    public async Task A_short_freeze_costs_no_session_and_expiry_goes_on_afterwards()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        Server.Freeze();
        Time.Advance(Duration / 2);
        var renewal = RenewAsync(session);
        Server.Thaw();
        Assert.False((await renewal).IsSessionLost);
        Time.Advance(Duration / 2);
        Assert.Empty(listener.Hints);
        Time.Advance(Duration / 2);
        Assert.Equal(["session lost"], listener.Hints);
    }

    [Fact]
    public async Task Hooks_act_on_a_frozen_server_and_are_told_after_the_thaw()
    {
        var listener = new RecordingListener();
        await ClaimAsync(await OpenAsync(listener), "a");
        Server.Freeze();
        Assert.True(Server.RemoveClaim(Resource, "a"));
        Server.ExpireSessions();
        Assert.Empty(listener.Hints);
        Server.Thaw();
        Assert.Equal(["lost a", "session lost"], listener.Hints);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task All_sessions_those_of_a_connection_or_that_of_a_claim_can_be_expired()
    {
        var other = Server.CreateBackend();
        var listeners = Enumerable.Range(0, 4).Select(static _ => new RecordingListener()).ToArray();
        var sessions = new[]
        {
            await OpenAsync(listeners[0]), await OpenAsync(listeners[1]), await OpenAsync(listeners[2], other), await OpenAsync(listeners[3], other),
        };
        for (var i = 0; i < 4; i++)
        {
            await ClaimAsync(sessions[i], $"{i}", ClaimMode.Shared);
        }

        Server.ExpireSessionOf("none");
        Assert.Equal("0 1 2 3 |", await QueueAsync());
        Server.ExpireSessionOf("1");
        Assert.Equal("0 2 3 |", await QueueAsync());
        Server.ExpireSessions(other);
        Assert.Equal("0 |", await QueueAsync());
        Server.ExpireSessions();
        Assert.Equal("|", await QueueAsync());
        Assert.All(listeners, static listener => Assert.Equal(["session lost"], listener.Hints));
    }

    [Fact]
    public async Task A_claim_removed_by_force_is_told_and_costs_the_session_nothing_else()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        await ClaimAsync(session, "c");
        Assert.False(Server.RemoveClaim(Resource, "none"));
        Assert.False(Server.RemoveClaim("another", "a"));
        Assert.True(Server.RemoveClaim(Resource, "a"));
        Assert.Equal(["lost a", "granted b"], listener.Hints);
        Assert.Equal("b | c", await QueueAsync());
        var renewal = await RenewAsync(session, "b", "a");
        Assert.Contains(renewal.Exceptions, static exception => exception is { Index: 1, Outcome: ClaimRenewalOutcome.Lost });
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "a")).Outcome);
    }

    [Fact]
    public async Task A_restart_keeps_what_is_stored_and_breaks_what_is_under_way()
    {
        var (listener, told) = (new RecordingListener(), 0);
        var session = await OpenAsync(listener);
        var held = await ClaimAsync(session, "a");
        await using var watch = await Connection.WatchAsync(Resource, () => told++, Ct);
        Server.Freeze();
        var claim = ClaimAsync(session, "b");
        Server.Restart();
        Assert.True((await Assert.ThrowsAsync<CoordinationException>(() => claim)).IsTransient);
        Assert.False(Server.IsFrozen);
        Assert.Equal("a |", await QueueAsync());
        Assert.Equal(["changed"], listener.Hints);
        Assert.Equal(1, told);
        Assert.Equal(held, await ClaimAsync(session, "a"));
        Time.Advance(Duration);
        Assert.Equal(["changed", "session lost"], listener.Hints);
    }

    [Fact]
    public async Task A_restart_does_not_mend_a_connection_that_was_cut()
    {
        var session = await OpenAsync();
        Connection.Disconnect();
        Server.Restart();
        await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session, "a"));
    }
}
