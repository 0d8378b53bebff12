using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.InMemory;

/// <summary>A copy of a request that comes too late makes no claim that nobody would release: rules 4 and 5.</summary>
public sealed class LateClaimTests : InMemoryTest
{
    private readonly TaskCompletionSource _late = new();

    [Fact]
    public async Task A_claim_that_its_release_overtook_has_no_effect()
    {
        var session = await OpenAsync();
        FaultOnce(InMemoryOperation.Claim, InMemoryFault.DelayRequest(_late.Task));
        var claim = ClaimAsync(session, "a");
        Assert.False(await ReleaseAsync(session, "a"));
        _late.SetResult();
        Assert.Equal(ClaimOutcome.Refused, (await claim).Outcome);
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_copy_of_a_claim_that_was_held_and_released_has_no_effect()
    {
        var session = await OpenAsync();
        FaultOnce(InMemoryOperation.Claim, InMemoryFault.RepeatRequest(_late.Task));
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "a")).Outcome);
        Assert.True(await ReleaseAsync(session, "a"));
        _late.SetResult();
        Assert.Equal(2, Server.CountOf(InMemoryOperation.Claim));
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_copy_of_a_try_that_was_refused_has_no_effect()
    {
        var holder = await OpenAsync(on: Server.CreateBackend());
        await ClaimAsync(holder, "a");
        var session = await OpenAsync();
        FaultOnce(InMemoryOperation.Claim, InMemoryFault.RepeatRequest(_late.Task));
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "b", intent: ClaimIntent.TryOnce)).Outcome);
        await ReleaseAsync(holder, "a");
        _late.SetResult();
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_copy_in_a_session_that_was_ended_has_no_effect()
    {
        var session = await OpenAsync();
        FaultOnce(InMemoryOperation.Claim, InMemoryFault.RepeatRequest(_late.Task));
        await ClaimAsync(session, "a");
        await session.EndAsync([Key("a")], Ct);
        _late.SetResult();
        Assert.Equal("|", await QueueAsync());
    }

    [Fact]
    public async Task A_cancelled_claim_is_applied_when_its_delay_is_over_unless_it_was_released()
    {
        var session = await OpenAsync();
        using var cancellation = new CancellationTokenSource();
        FaultOnce(InMemoryOperation.Claim, InMemoryFault.DelayRequest(_late.Task));
        var claim = ClaimAsync(session, "a", cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claim);
        Assert.Equal(cancellation.Token, exception.CancellationToken);
        Assert.Equal("|", await QueueAsync());
        _late.SetResult();
        Assert.Equal("a |", await QueueAsync());
    }

    [Fact]
    public async Task An_id_released_while_it_waited_is_used_up_for_one_duration()
    {
        var session = await OpenAsync(duration: TimeSpan.FromSeconds(10));
        await ClaimAsync(session, "a");
        await ClaimAsync(session, "b");
        Assert.True(await ReleaseAsync(session, "b"));
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "b")).Outcome);
        Time.Advance(TimeSpan.FromSeconds(9.9));
        await RenewAsync(session, "a");
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "b")).Outcome);
        Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(ClaimOutcome.Waiting, (await ClaimAsync(session, "b")).Outcome);
    }

    [Fact]
    public async Task A_copy_that_is_later_than_one_duration_makes_no_claim_that_the_renewals_of_its_session_would_keep_alive()
    {
        var session = await OpenAsync(duration: TimeSpan.FromSeconds(10));
        FaultOnce(InMemoryOperation.Claim, InMemoryFault.RepeatRequest(_late.Task));
        await ClaimAsync(session, "a");
        await ReleaseAsync(session, "a");
        await ClaimAsync(session, "b");
        for (var renewals = 0; renewals < 3; renewals++)
        {
            Time.Advance(TimeSpan.FromSeconds(5));
            await RenewAsync(session, "b");
        }

        _late.SetResult();
        Assert.Equal("b |", await QueueAsync());
    }

    [Fact]
    public async Task An_id_that_expired_is_used_up_in_the_next_session_too()
    {
        await ClaimAsync(await OpenAsync(), "a");
        Time.Advance(Duration);
        var next = await OpenAsync();
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(next, "a")).Outcome);
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(next, "b")).Outcome);
    }

    [Fact]
    public async Task An_id_that_is_used_up_on_one_resource_is_not_so_on_another()
    {
        var session = await OpenAsync();
        await ReleaseAsync(session, "a");
        Assert.Equal(ClaimOutcome.Refused, (await ClaimAsync(session, "a")).Outcome);
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "a", resource: "another")).Outcome);
    }

    [Fact]
    public void Tombstones_are_dropped_in_time()
    {
        var ids = new UsedUpIds();
        ids.Add(Key("a"), TimeSpan.FromSeconds(1));
        ids.Add(Key("b"), TimeSpan.FromSeconds(2));
        ids.Add(Key("a"), TimeSpan.FromSeconds(3));
        ids.DropDue(TimeSpan.FromSeconds(2));
        Assert.True(ids.Contains(Key("a"), TimeSpan.FromSeconds(2)));
        Assert.False(ids.Contains(Key("b"), TimeSpan.FromSeconds(2)));
        ids.DropDue(TimeSpan.FromSeconds(3));
        Assert.Equal(0, ids.Count);
    }

    private void FaultOnce(InMemoryOperation operation, InMemoryFault fault) => Connection.OnRequest = request =>
    {
        if (request.Operation != operation)
        {
            return null;
        }

        Connection.OnRequest = null;
        return fault;
    };
}
