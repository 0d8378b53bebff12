namespace Coordination.Tests.InMemory;

/// <summary>What the server tells without being asked.</summary>
public sealed class HintTests : InMemoryTest
{
    [Fact]
    public async Task Hints_of_a_connection_come_in_order()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        foreach (var id in new[] { "a", "b", "c", "d" })
        {
            await ClaimAsync(session, id);
        }

        await ReleaseAsync(session, "a");
        Server.RemoveClaim(Resource, "b");
        Server.ExpireSessions();
        Assert.Equal(["granted b", "lost b", "granted c", "session lost"], listener.Hints);
    }

    [Fact]
    public async Task A_listener_may_call_the_server()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        var isCompleted = new List<bool>();
        listener.OnHint = hint =>
        {
            if (hint.StartsWith("granted", StringComparison.Ordinal))
            {
                isCompleted.Add(session.ReleaseAsync(Key(hint["granted ".Length..]), CancellationToken.None).IsCompletedSuccessfully);
            }
        };
        foreach (var id in new[] { "a", "b", "c", "d" })
        {
            await ClaimAsync(session, id);
        }

        await ReleaseAsync(session, "a");
        Assert.Equal(["granted b", "granted c", "granted d"], listener.Hints);
        Assert.Equal([true, true, true], isCompleted);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_hook_that_throws_does_not_stop_the_hints()
    {
        var listener = new RecordingListener();
        var session = await OpenAsync(listener);
        await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        Connection.OnHint = static _ => throw new InvalidOperationException("a failed assertion, say");
        await Assert.ThrowsAsync<InvalidOperationException>(() => ReleaseAsync(session, "a"));
        Connection.OnHint = null;
        Server.ExpireSessions();
        Assert.Equal(["session lost"], listener.Hints);
    }

    [Fact]
    public async Task A_claim_granted_at_once_is_not_announced_to_its_session()
    {
        var listener = new RecordingListener();
        await ClaimAsync(await OpenAsync(listener), "a");
        Assert.Empty(listener.Hints);
    }

    [Fact]
    public async Task A_watch_is_told_of_changes_of_the_holders_and_their_values_until_disposed()
    {
        var told = 0;
        var session = await OpenAsync();
        var watch = await Server.CreateBackend().WatchAsync(Resource, () => told++, Ct);
        await ClaimAsync(session, "a");
        Assert.Equal(1, told);
        await session.SetValueAsync(Key("a"), "new", Ct);
        Assert.Equal(2, told);
        await ReleaseAsync(session, "a");
        await ClaimAsync(session, "b", resource: "another");
        Assert.Equal(3, told);
        await watch.DisposeAsync();
        await ClaimAsync(session, "c");
        Assert.Equal(3, told);
    }

    [Fact]
    public async Task A_watch_is_told_of_an_expiry()
    {
        var told = 0;
        await ClaimAsync(await OpenAsync(), "a");
        await using var watch = await Server.CreateBackend().WatchAsync(Resource, () => told++, Ct);
        Time.Advance(Duration);
        Assert.Equal(1, told);
    }

    [Fact]
    public async Task A_waiter_that_comes_or_goes_is_nothing_to_watch()
    {
        var told = 0;
        var session = await OpenAsync();
        await ClaimAsync(session, "a");
        await using var watch = await Connection.WatchAsync(Resource, () => told++, Ct);
        await ClaimAsync(session, "b");
        await ReleaseAsync(session, "b");
        Assert.Equal(0, told);
    }
}
