using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.InMemory;

/// <summary>A connection that is cut, and restored.</summary>
public sealed class DisconnectTests : InMemoryTest
{
    [Fact]
    public async Task Requests_over_a_reset_connection_fail_at_once_and_never_arrive()
    {
        var session = await OpenAsync();
        Connection.Disconnect();
        Assert.True((await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session, "a"))).IsTransient);
        Connection.Reconnect();
        Assert.Equal("|", await QueueAsync());
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "a")).Outcome);
    }

    [Fact]
    public async Task Requests_over_a_half_open_connection_hang_until_they_are_cancelled()
    {
        var session = await OpenAsync();
        using var cancellation = new CancellationTokenSource();
        Connection.Disconnect(isBreakSeen: false);
        var claim = ClaimAsync(session, "a", cancellationToken: cancellation.Token);
        Connection.Reconnect();
        Assert.False(claim.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task Calls_under_way_fail_when_the_connection_is_reset_but_what_was_sent_arrives()
    {
        var session = await OpenAsync();
        var late = new TaskCompletionSource();
        Connection.OnRequest = _ => InMemoryFault.DelayRequest(late.Task);
        var claim = ClaimAsync(session, "a");
        Connection.Disconnect();
        await Assert.ThrowsAsync<CoordinationException>(() => claim);
        late.SetResult();
        Assert.Equal("a |", await QueueAsync());
    }

    [Fact]
    public async Task A_reply_does_not_cross_a_half_open_connection_even_after_it_is_restored()
    {
        var session = await OpenAsync();
        var late = new TaskCompletionSource();
        using var cancellation = new CancellationTokenSource();
        Connection.OnRequest = _ => InMemoryFault.DelayReply(late.Task);
        var claim = ClaimAsync(session, "a", cancellationToken: cancellation.Token);
        Connection.Disconnect(isBreakSeen: false);
        Connection.Reconnect();
        late.SetResult();
        Assert.False(claim.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
    }

    [Fact]
    public async Task No_hint_reaches_a_cut_connection_and_its_sessions_expire_at_the_server()
    {
        var cut = new RecordingListener();
        var other = new RecordingListener();
        var session = await OpenAsync(cut);
        await ClaimAsync(session, "a");
        await ClaimAsync(await OpenAsync(other, Server.CreateBackend(), TimeSpan.FromMinutes(1)), "b");
        Connection.Disconnect();
        Time.Advance(Duration);
        Assert.Empty(cut.Hints);
        Assert.Equal(["granted b"], other.Hints);
        Connection.Reconnect();
        Assert.Equal(["changed"], cut.Hints);
        Assert.Equal(ClaimOutcome.SessionLost, (await ClaimAsync(session, "a")).Outcome);
    }

    [Fact]
    public async Task A_restored_connection_tells_each_session_and_watch_to_look_again()
    {
        var (first, second, ended, told) = (new RecordingListener(), new RecordingListener(), new RecordingListener(), 0);
        await OpenAsync(first);
        await OpenAsync(second);
        await (await OpenAsync(ended)).DisposeAsync();
        await using var watch = await Connection.WatchAsync(Resource, () => told++, Ct);
        Connection.Disconnect();
        Assert.Equal(0, told);
        Connection.Reconnect();
        Assert.Equal(["changed"], first.Hints);
        Assert.Equal(["changed"], second.Hints);
        Assert.Empty(ended.Hints);
        Assert.Equal(1, told);
        await ClaimAsync(await OpenAsync(on: Server.CreateBackend()), "a");
        Assert.Equal(2, told);
    }

    [Fact]
    public async Task Others_do_not_notice()
    {
        var listener = new RecordingListener();
        var other = await OpenAsync(listener, Server.CreateBackend());
        Connection.Disconnect();
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(other, "a")).Outcome);
        Connection.Reconnect();
        Assert.Empty(listener.Hints);
    }
}
