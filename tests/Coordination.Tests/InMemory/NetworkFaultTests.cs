using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.InMemory;

/// <summary>The hooks of a connection: each by itself.</summary>
public sealed class NetworkFaultTests : InMemoryTest
{
    private readonly TaskCompletionSource _moment = new();

    [Fact]
    public async Task A_request_that_fails_is_not_applied()
    {
        var session = await OpenAsync();
        Connection.OnRequest = static _ => InMemoryFault.FailRequest;
        var exception = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session, "a"));
        Assert.True(exception.IsTransient);
        Assert.Contains("in-memory", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Claim", exception.Message, StringComparison.Ordinal);
        Assert.Contains(Resource, exception.Message, StringComparison.Ordinal);
        Assert.Equal("|", await QueueAsync());
        Assert.Equal(0, Server.CountOf(InMemoryOperation.Claim));
    }

    [Fact]
    public async Task A_reply_that_fails_is_of_a_request_that_was_applied()
    {
        var session = await OpenAsync();
        Connection.OnRequest = static _ => InMemoryFault.FailReply;
        Assert.True((await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session, "a"))).IsTransient);
        Assert.Equal("a |", await QueueAsync());
        Connection.OnRequest = null;
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "a")).Outcome);
    }

    [Theory]
    [InlineData(true, "|")]
    [InlineData(false, "a |")]
    public async Task What_is_dropped_hangs_until_it_is_cancelled(bool isRequest, string queue)
    {
        var session = await OpenAsync();
        using var cancellation = new CancellationTokenSource();
        Connection.OnRequest = _ => isRequest ? InMemoryFault.DropRequest : InMemoryFault.DropReply;
        var claim = ClaimAsync(session, "a", cancellationToken: cancellation.Token);
        Assert.False(claim.IsCompleted);
        Assert.Equal(queue, await QueueAsync());
        await cancellation.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        Assert.Equal(cancellation.Token, exception.CancellationToken);
    }

    [Fact]
    public async Task A_delayed_request_is_applied_when_the_clock_says_so()
    {
        var session = await OpenAsync();
        Connection.OnRequest = _ => InMemoryFault.DelayRequest(Task.Delay(TimeSpan.FromSeconds(3), Time, Ct));
        var claim = ClaimAsync(session, "a");
        Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(0, Server.CountOf(InMemoryOperation.Claim));
        Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, Server.CountOf(InMemoryOperation.Claim));
        Assert.Equal(ClaimOutcome.Granted, (await claim).Outcome);
    }

    [Fact]
    public async Task A_delayed_reply_leaves_the_request_applied_at_once()
    {
        var session = await OpenAsync();
        Connection.OnRequest = _ => InMemoryFault.DelayReply(_moment.Task);
        var claim = ClaimAsync(session, "a");
        Assert.Equal("a |", await QueueAsync());
        Assert.False(claim.IsCompleted);
        _moment.SetResult();
        Assert.Equal(ClaimOutcome.Granted, (await claim).Outcome);
    }

    [Fact]
    public async Task A_grant_can_come_before_the_reply_of_its_claim()
    {
        var listener = new RecordingListener();
        var holder = await OpenAsync(on: Server.CreateBackend());
        await ClaimAsync(holder, "a");
        var session = await OpenAsync(listener);
        Connection.OnRequest = _ => InMemoryFault.DelayReply(_moment.Task);
        var claim = ClaimAsync(session, "b");
        await ReleaseAsync(holder, "a");
        Assert.Equal(["granted b"], listener.Hints);
        Assert.False(claim.IsCompleted);
        _moment.SetResult();
        Assert.Equal(ClaimOutcome.Waiting, (await claim).Outcome);
    }

    [Fact]
    public async Task A_repeated_request_is_applied_twice_and_faults_combine()
    {
        var session = await OpenAsync();
        Connection.OnRequest = _ => new InMemoryFault { IsReplyLost = true, IsBreakSeen = true, RepeatAfter = _moment.Task };
        await Assert.ThrowsAsync<CoordinationException>(() => ReleaseAsync(session, "a"));
        Assert.Equal(1, Server.CountOf(InMemoryOperation.Release));
        _moment.SetResult();
        Assert.Equal(2, Server.CountOf(InMemoryOperation.Release));
    }

    [Fact]
    public async Task Requests_released_by_one_task_arrive_in_the_order_in_which_they_were_sent()
    {
        var session = await OpenAsync();
        Connection.OnRequest = _ => InMemoryFault.DelayRequest(_moment.Task);
        var claims = new[] { "a", "b", "c", "d" }.Select(id => ClaimAsync(session, id)).ToArray();
        _moment.SetResult();
        await Task.WhenAll(claims);
        Assert.Equal("a | b c d", await QueueAsync());
    }

    [Fact]
    public async Task The_hook_sees_what_is_asked()
    {
        var seen = new List<InMemoryRequest>();
        Connection.OnRequest = request =>
        {
            seen.Add(request);
            return null;
        };
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        await session.SetValueAsync(Key("a"), "new", Ct);
        await RenewAsync(session, "a");
        await session.DetachAsync(Key("a"), Ct);
        await ReleaseAsync(session, "a");
        await Connection.InspectAsync(Resource, holdersOnly: true, Ct);
        await using var watch = await Connection.WatchAsync(Resource, static () => { }, Ct);
        await session.EndAsync([], Ct);
        Assert.Equal(
            [
                new(InMemoryOperation.OpenSession, "", ""),
                new(InMemoryOperation.Claim, Resource, "a"),
                new(InMemoryOperation.SetValue, Resource, "a"),
                new(InMemoryOperation.Renew, "", ""),
                new(InMemoryOperation.Detach, Resource, "a"),
                new(InMemoryOperation.Release, Resource, "a"),
                new(InMemoryOperation.Inspect, Resource, ""),
                new(InMemoryOperation.Watch, Resource, ""),
                new(InMemoryOperation.EndSession, "", ""),
            ],
            seen);
        Assert.All(seen, request => Assert.Equal(1, Server.CountOf(request.Operation)));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_before_is_not_sent()
    {
        var session = await OpenAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ClaimAsync(session, "a", cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task Hints_can_be_dropped_delayed_and_repeated()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        foreach (var id in new[] { "a", "b", "c", "d" })
        {
            await ClaimAsync(session, id);
        }

        Connection.OnHint = static _ => { };
        await ReleaseAsync(session, "a");
        Action? later = null;
        Connection.OnHint = deliver => later = deliver;
        await ReleaseAsync(session, "b");
        Assert.Empty(listener.Hints);
        later!();
        later();
        Assert.Equal(["granted c", "granted c"], listener.Hints);
        Connection.Disconnect();
        later();
        Assert.Equal(2, listener.Hints.Count);
    }

    [Fact]
    public async Task A_session_whose_opening_was_lost_tells_nobody_of_its_end()
    {
        var listener = new RecordingListener();
        Connection.OnRequest = static _ => InMemoryFault.FailReply;
        await Assert.ThrowsAsync<CoordinationException>(() => OpenAsync(listener));
        Connection.OnRequest = _ => InMemoryFault.RepeatRequest(_moment.Task);
        var session = await OpenAsync(listener, duration: TimeSpan.FromMinutes(1));
        _moment.SetResult();
        Assert.Equal(3, Server.CountOf(InMemoryOperation.OpenSession));
        Server.ExpireSessions();
        Assert.Equal(["session lost"], listener.Hints);
        Assert.Equal(ClaimOutcome.SessionLost, (await ClaimAsync(session, "a")).Outcome);
    }

    [Fact]
    public async Task A_watch_whose_caller_gave_up_does_not_begin_later()
    {
        var told = 0;
        var session = await OpenAsync(on: Server.CreateBackend());
        using var cancellation = new CancellationTokenSource();
        Connection.OnRequest = _ => InMemoryFault.DelayRequest(_moment.Task);
        var watch = Connection.WatchAsync(Resource, () => told++, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        _moment.SetResult();
        await ClaimAsync(session, "a");
        Assert.Equal(1, Server.CountOf(InMemoryOperation.Watch));
        Assert.Equal(0, told);
    }
}
