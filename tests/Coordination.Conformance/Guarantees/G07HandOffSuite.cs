namespace Coordination.Conformance;

/// <summary>G7: a release reaches the next holder by an event; waiters do not poll, and cost nothing while they wait but their renewals.</summary>
[Trait("Guarantee", "G7")]
public abstract class HandOffSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_release_wakes_the_next_without_a_timer(Primitive primitive)
    {
        // Leases so long that no renewal and no fall-back can be what wakes the waiter, and the waiter's timers stand still besides.
        var holder = await ClientAsync(Duration * 60);
        var waiter = await ClientAsync(Duration * 60);
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var pending = await QueueUpAsync(waiter, primitive, name, holder);
        waiter.Clock.Stall();
        await AtOnceAsync(held.ReleaseAsync());
        var released = Time.Now;
        var lease = await Time.WithinAsync(pending, Soon, "the hand-off");
        Assert.True(Time.Since(released) <= Server.Latency, $"{Time.Since(released)}");
        waiter.Clock.Resume();
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [Case]
    public async Task Hints_that_never_come_cost_time_but_no_turn()
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        waiter.Faults.Hints = HintFault.Drop;
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
        await AtOnceAsync(held.ReleaseAsync());
        var lease = await Time.WithinAsync(pending, Takeover, "the turn, found by a renewal");
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [Case]
    public async Task Hints_that_come_twice_or_late_harm_nothing()
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        foreach (var hints in new[] { HintFault.Twice, HintFault.Hold })
        {
            waiter.Faults.Hints = hints;
            var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
            var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
            await AtOnceAsync(held.ReleaseAsync());
            var lease = await Time.WithinAsync(pending, Takeover, "the turn");
            waiter.Faults.DeliverHeldHints(); // to a claim that holds
            Assert.Equal(LeaseState.Held, lease.State);
            waiter.Faults.Hints = HintFault.Hold;
            await AtOnceAsync(lease.ReleaseAsync());
            waiter.Faults.DeliverHeldHints(); // and to one that is gone
            await EmptyAsync(holder, name, Soon);
        }
    }

    [Case]
    public async Task A_grant_that_is_hinted_before_the_reply_of_its_claim_is_taken()
    {
        var holder = await ClientAsync(Duration * 5);
        var waiter = await ClientAsync(Duration * 5);
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var reply = waiter.Faults.HoldReplyOfNext(Call.Claim);
        var pending = waiter.Coordinator.AcquireAsync(Primitive.Lock, name);
        await Time.WithinAsync(reply.Arrived, Soon, "the claim waits at the server");
        await AtOnceAsync(held.ReleaseAsync());
        await Time.PassAsync(Duration / 10);
        reply.Open(); // "waiting", long outdated
        var lease = await Time.WithinAsync(pending, Takeover + (Duration * 5 / 3), "the turn");
        Assert.Equal(LeaseState.Held, lease.State);
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [Case]
    public async Task Waiters_ask_no_more_often_than_they_renew()
    {
        // Twenty waiters of two processes, three durations: the processes renew about three times a duration, and nobody asks.
        await UseOwnServerAsync();
        var holder = await ClientAsync();
        var waiters = await ClientsAsync(2);
        var name = NewName();
        await using var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        for (var index = 0; index < 20; index++)
        {
            _ = waiters[index % 2].Coordinator.AcquireAsync(Primitive.Lock, name, Cancellation);
        }

        await WaitersAsync(holder, name, 20);
        await Time.PassAsync(Duration / 2);
        Client[] processes = [holder, .. waiters];
        var (before, renewalsBefore, questionsBefore) = (await Server.CountRequestsAsync(), Calls(Call.Renew), Calls(Call.Claim));
        await Time.PassAsync(Duration * 3);
        var (asked, renewals, questions) = (await Server.CountRequestsAsync() - before, Calls(Call.Renew) - renewalsBefore, Calls(Call.Claim) - questionsBefore);

        // 3 processes × 3 durations × 3 renewals = 27, and one of each that is just due. Where nothing but time may bring the turn, one of them asks beside its renewals.
        Assert.InRange(renewals, 9, 30);
        Assert.True(questions <= renewals, $"{questions} questions, {renewals} renewals");

        // Each is what the server says that it is; of each process one may have been under way when counting began.
        Assert.InRange(asked, 9, ((renewals + processes.Length) * Server.RequestsPerRenewal) + questions);

        int Calls(Call call) => processes.Sum(process => process.Faults.Count(call));
    }

    [Case]
    public async Task An_acquisition_costs_the_same_with_1_waiter_and_with_256()
    {
        await UseOwnServerAsync();
        var clients = await ClientsAsync(4, Duration * 60);
        var few = await CostAsync(clients, 1, 24);
        var many = await CostAsync(clients, 256, 64);
        Assert.True(many <= few + 0.5, $"{few} requests an acquisition with one waiter, {many} with 256");
        Assert.True(many <= 4, $"{many} requests an acquisition");
    }

    /// <summary>Server requests per hand-off, with so many in the queue all the time: each holder releases, and another enters.</summary>
    private async Task<double> CostAsync(Client[] clients, int waiters, int rounds)
    {
        var name = NewName();
        var held = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(Primitive.Lock, name));
        var pending = new List<Task<ILease>>();
        for (var index = 0; index < waiters; index++)
        {
            pending.Add(clients[index % 4].Coordinator.AcquireAsync(Primitive.Lock, name, Cancellation));
        }

        await WaitersAsync(clients[0], name, waiters);
        var before = await Server.CountRequestsAsync();
        for (var round = 0; round < rounds; round++)
        {
            await AtOnceAsync(held.ReleaseAsync());
            var next = await AtOnceAsync(Task.WhenAny(pending));
            pending.Remove(next);
            held = await next;
            pending.Add(clients[round % 4].Coordinator.AcquireAsync(Primitive.Lock, name, Cancellation));
            await Time.SettleAsync();
        }

        return (double)(await Server.CountRequestsAsync() - before) / rounds;
    }
}
