using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>A waiter's time, and what it hears when it is up.</summary>
public sealed class WaitingTests : EngineTest
{
    [Fact]
    public async Task A_fault_that_has_passed_is_not_taken_for_an_outage_when_the_time_is_up()
    {
        await using var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        var lease = await Coordinator.CreateLock("y").AcquireAsync(Ct);
        var waiting = Coordinator.CreateLock("x").TryAcquireAsync(Seconds(3), Ct).AsTask();
        await Time.SettleAsync();
        var faults = 1;
        Backend.OnRelease = key => key.Resource == "y" && faults-- > 0 ? Fault(isTransient: true) : null;
        var release = lease.ReleaseAsync(Ct).AsTask();
        await EndsWithinAsync(release, Seconds(2));
        await release;

        await EndsWithinAsync(waiting, Seconds(3.1));

        Assert.Null(await waiting);
    }

    [Fact]
    public async Task A_first_call_is_as_far_when_it_returns_as_it_gets_without_time()
    {
        var held = Other.CreateLock("x").AcquireAsync(Ct);
        var waiting = Coordinator.CreateLock("x").TryAcquireAsync(Seconds(5), Ct);

        Assert.True(held.IsCompletedSuccessfully);
        Assert.Single((await Server.CreateBackend().InspectAsync("x", holdersOnly: false, Ct)).Waiters);
        Time.Clock.Advance(Seconds(5));
        Assert.Null(await waiting);
        await (await held).DisposeAsync();
    }

    [Fact]
    public async Task An_outage_of_one_part_of_the_store_is_told_to_its_waiters_though_other_parts_answer()
    {
        await using var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        var waiting = Coordinator.CreateLock("x").TryAcquireAsync(Seconds(12), Ct).AsTask();
        await Time.SettleAsync();
        Backend.Renewed = static (claims, result) => claims.Count == 0
            ? result
            : RenewalResult.Renewed(Duration, [.. claims.Select((claim, index) => (claim, index))
                .Where(static named => named.claim.Resource == "x")
                .Select(static named => new ClaimRenewal(named.index, ClaimRenewalOutcome.Unconfirmed))]);
        await Time.PassAsync(Seconds(11));
        await using var other = await Coordinator.CreateLock("y").AcquireAsync(Ct);

        await EndsWithinAsync(waiting, Seconds(1.5));

        var error = await Assert.ThrowsAsync<CoordinationException>(() => waiting);
        Assert.Contains("'x'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_grants_too_late_to_be_believed_is_asked_for_again()
    {
        // A store need not repeat in a renewal what it has answered to a claim, as Redis does not: if that answer is dropped for being late, nothing else tells of the grant.
        var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        var waiting = Coordinator.CreateLock("x").AcquireAsync(Ct).AsTask();
        Backend.Renewed = static (_, result) => RenewalResult.Renewed(Duration);
        await Time.PassAsync(Seconds(9));
        var hint = Connection.OnHint;
        Connection.OnHint = static _ => { };
        await holder.DisposeAsync();
        Connection.OnHint = hint;
        var isLate = true;
        Backend.Claimed = result => result.Outcome == ClaimOutcome.Granted ? ClaimResult.Granted(result.Token, isLate ? Seconds(2.5) : Duration) : result;
        var before = Backend.Claims;

        Connection.Reconnect();
        await Time.SettleAsync();
        Assert.Equal(1, Backend.Claims - before);
        Assert.False(waiting.IsCompleted);
        isLate = false;

        await EndsWithinAsync(waiting, Seconds(2));
        Assert.Equal(2, Backend.Claims - before);
        Assert.Equal(LeaseState.Held, (await waiting).State);
    }

    [Fact]
    public async Task Many_waiters_that_are_due_at_once_ask_once_a_resource()
    {
        await using var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        Backend.Claimed = static result => result.Outcome == ClaimOutcome.Waiting ? ClaimResult.Waiting(Seconds(5)) : result;
        using var stop = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 500).Select(_ => Coordinator.CreateLock("x").AcquireAsync(stop.Token).AsTask()).ToArray();
        await Time.SettleAsync();
        var before = Backend.Claims;

        await Time.PassAsync(Seconds(6));

        Assert.InRange(Backend.Claims - before, 1, 3);
        await stop.CancelAsync();
        await EndsWithinAsync(Task.WhenAll(waiting), Seconds(2));
    }

    [Fact]
    public async Task A_question_that_hangs_does_not_keep_a_waiter_beyond_its_time()
    {
        await using var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        var waiting = Coordinator.CreateLock("x").TryAcquireAsync(Seconds(1), Ct).AsTask();
        await Time.PassAsync(Seconds(0.5));
        Connection.OnRequest = static request => request.Operation == InMemoryOperation.Claim ? InMemoryFault.DropRequest : null;
        Connection.Reconnect();

        await EndsWithinAsync(waiting, Seconds(0.7));

        Assert.Null(await waiting);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public async Task An_odd_recheck_time_neither_fails_the_wait_nor_floods_the_backend(long ticks)
    {
        await using var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        Backend.Claimed = result => result.Outcome == ClaimOutcome.Waiting ? ClaimResult.Waiting(TimeSpan.FromTicks(ticks)) : result;

        var call = Task.Run(async () => await Coordinator.CreateLock("x").TryAcquireAsync(Seconds(0.3), Ct), Ct);

        await EndsWithinAsync(call, Seconds(2));
        Assert.Null(await call);
        Assert.InRange(Backend.Claims, 1, 60);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    public async Task An_odd_maintenance_time_is_bounded(long ticks)
    {
        Backend.Maintained = () => TimeSpan.FromTicks(ticks);
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);

        await Time.PassAsync(Seconds(0.5));

        Assert.InRange(Backend.Maintenances, 1, 100);
    }
}
