using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>Answers that lead nowhere: the caller's time is kept, and nobody is flooded.</summary>
public sealed class RefusalTests : EngineTest
{
    [Fact]
    public async Task A_backend_that_refuses_every_new_id_ends_the_call_within_its_budget_and_is_not_flooded()
    {
        Backend.OnClaim = static _ => ClaimResult.Refused;

        var call = Task.Run(async () => await Coordinator.CreateLock("x").TryAcquireAsync(Seconds(1), Ct), Ct);

        await EndsWithinAsync(call, Seconds(6));
        Assert.True((await Assert.ThrowsAsync<CoordinationException>(() => call)).IsTransient);
        Assert.InRange(Backend.Claims, 1, 50);
    }

    [Fact]
    public async Task A_session_that_is_nearly_over_is_not_claimed_in_over_and_over()
    {
        await using var holder = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Connection.OnRequest = static request => request.Operation == InMemoryOperation.Renew ? InMemoryFault.FailRequest : null;
        await Time.PassAsync(Life + Seconds(1));

        var call = Task.Run(async () => await Coordinator.CreateLock("y").TryAcquireAsync(Seconds(1), Ct), Ct);

        await EndsWithinAsync(call, Seconds(6));
        await using var lease = await call;
        Assert.Equal(LeaseState.Held, lease!.State);
        Assert.InRange(Backend.Claims, 1, 50);
    }

    [Fact]
    public async Task A_lease_whose_claim_turns_out_to_be_gone_while_its_grant_arrives_is_not_handed_out()
    {
        var hints = new Queue<Action>();
        var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        var waiting = Coordinator.CreateLock("x").AcquireAsync(Ct).AsTask();
        await Time.SettleAsync();
        var id = Assert.Single((await Other.InspectAsync("x", Ct)).Waiters).Id;
        Connection.OnHint = hints.Enqueue;
        await holder.ReleaseAsync(Ct);
        var granted = hints.Dequeue();
        Assert.True(Server.RemoveClaim("x", id));
        hints.Clear();
        Connection.Reconnect();
        var reply = new TaskCompletionSource();
        Connection.OnRequest = request => request.ClaimId == id ? InMemoryFault.DelayReply(reply.Task) : null;
        hints.Dequeue()();
        await Time.SettleAsync();

        granted();
        reply.SetResult();

        await EndsWithinAsync(waiting, Seconds(6));
        await using var lease = await waiting;
        var held = Assert.Single((await Other.InspectAsync("x", Ct)).Holders);
        Assert.Equal(held.FencingToken, lease.FencingToken);
    }

    [Fact]
    public async Task A_claim_tried_once_that_was_sent_twice_is_released_although_it_was_refused()
    {
        var isFirst = true;
        await using var holder = await Other.CreateLock("x").AcquireAsync(Ct);
        Backend.OnClaim = _ =>
        {
            // The first copy is still under way.
            var fails = isFirst;
            isFirst = false;
            return fails ? throw Fault(isTransient: true) : null;
        };

        var call = Coordinator.CreateLock("x").TryAcquireAsync(Ct).AsTask();

        await EndsWithinAsync(call, Seconds(6));
        Assert.Null(await call);
        Assert.Equal(1, Server.CountOf(InMemoryOperation.Release));
    }

    [Fact]
    public async Task A_session_that_ends_between_a_claim_s_making_and_its_sending_is_replaced()
    {
        var isFirst = true;
        Backend.OnClaim = _ =>
        {
            if (isFirst)
            {
                isFirst = false;
                Server.ExpireSessions();
            }

            return null;
        };

        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);

        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Fact]
    public async Task What_the_server_said_before_the_time_was_up_is_what_the_caller_hears()
    {
        await using var coordinator = new Coordinator(Backend, Options, new CoarseTimers(Time.Provider));
        var silence = new TaskCompletionSource();
        Backend.OnClaim = _ =>
        {
            Connection.OnRequest = _ => InMemoryFault.DelayReply(silence.Task);
            return Backend.Claims == 1 ? throw Fault(isTransient: true) : null;
        };

        var call = coordinator.CreateLock("x").AcquireAsync(Ct).AsTask();

        await EndsWithinAsync(call, Seconds(6));
        silence.SetResult();
        Assert.Equal("made by the test", (await Assert.ThrowsAsync<CoordinationException>(() => call)).Message);
        Assert.True(Backend.Claims > 1);
    }

    [Fact]
    public async Task A_call_for_which_no_time_was_left_says_so()
    {
        var opened = new TaskCompletionSource();
        Connection.OnRequest = request => request.Operation == InMemoryOperation.OpenSession ? InMemoryFault.DelayReply(opened.Task) : null;
        var call = Coordinator.CreateLock("x").AcquireAsync(Ct).AsTask();

        // The process was stopped while its first session was opened: the answer is there before any timer has run.
        Time.Clock.Jump(Seconds(6));
        opened.SetResult();

        var fault = await Assert.ThrowsAsync<CoordinationException>(() => call.WaitAsync(TimeSpan.FromSeconds(10), Ct));
        Assert.True(fault.IsTransient);
        Assert.Contains("'x' in time: what came before took all of it", fault.Message, StringComparison.Ordinal);
    }

    // The machine's timers know milliseconds, and its clock less: what is left of a time ends a moment before the whole of it. Here by more, to be seen.
    private sealed class CoarseTimers(TimeProvider inner) : TimeProvider
    {
        private static readonly TimeSpan Unit = TimeSpan.FromMilliseconds(100);

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            inner.CreateTimer(callback, state, dueTime > Unit ? TimeSpan.FromTicks(dueTime.Ticks / Unit.Ticks * Unit.Ticks) : dueTime, period);
    }
}
