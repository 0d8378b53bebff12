namespace Coordination.Conformance;

/// <summary>G3: loss is told before the server can give the claim to another, and never taken back.</summary>
[Trait("Guarantee", "G3")]
public abstract class LossSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_holder_that_is_cut_off_knows_before_the_next_holds(Primitive primitive)
    {
        var holder = await ClientAsync();
        var next = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var loss = Watch(lease);
        var pending = await QueueUpAsync(next, primitive, name, next);
        holder.Connection.Cut();
        var (at, state, deadline) = await NextHolderAsync(pending, lease);
        Assert.Equal(LeaseState.Lost, state);
        await ToldBeforeAsync(loss, deadline, at, TimeSpan.Zero);
    }

    [Case]
    public async Task The_safety_margin_lies_between_the_loss_and_the_next_holder()
    {
        var next = await ClientAsync();
        var margin = Duration * (next.ProvesPreviousRequest ? 0.2 : 0.4);
        var holder = await ClientAsync(configure: options => options.SafetyMargin = margin);
        var name = NewName();
        var lease = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var loss = Watch(lease);
        var pending = await QueueUpAsync(next, Primitive.Lock, name, next);
        holder.Connection.Cut();
        var (at, state, deadline) = await NextHolderAsync(pending, lease);
        Assert.Equal(LeaseState.Lost, state);
        await ToldBeforeAsync(loss, deadline, at, margin);
    }

    [Case]
    public async Task A_frozen_server_loses_the_lease_within_its_duration()
    {
        await UseOwnServerAsync();
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await LostAsync(lease, () => Server.FreezeAsync(), Duration);
        await Server.ThawAsync();
    }

    [Case]
    public async Task A_killed_server_loses_the_lease_within_its_duration()
    {
        await UseOwnServerAsync();
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await LostAsync(lease, () => Server.KillAsync(), Duration);
    }

    [Case]
    public async Task A_server_that_restarts_without_its_data_has_lost_the_lease()
    {
        await UseOwnServerAsync();
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await LostAsync(
            lease,
            async () =>
            {
                await Server.KillAsync();
                await Server.RestartAsync(keepData: false);
            },
            Duration);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Renewed), MemberType = typeof(Primitives))]
    public async Task A_claim_deleted_by_force_is_told_at_the_next_renewal_at_the_latest(Primitive primitive)
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, NewName()));
        var other = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await LostAsync(lease, () => Server.DeleteClaimAsync(Behind(lease).Claim), Duration / 3);
        Assert.Equal(LeaseState.Held, other.State);
        await AtOnceAsync(other.RenewAsync());
    }

    [Case]
    public async Task A_session_ended_by_force_is_told_at_the_next_renewal_at_the_latest()
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var second = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Semaphore, NewName()));
        var loss = Watch(second);
        await LostAsync(lease, () => Server.ExpireSessionAsync(SessionOf(lease), [Behind(lease).Claim, Behind(second).Claim]), Duration / 3);
        await Time.UntilAsync(() => loss.HasFired, Server.Latency, "the other lease of the session is lost");

        // The coordinator goes on with a session anew.
        var again = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, lease.Name));
        Assert.Equal(LeaseState.Held, again.State);
    }

    [Case]
    public async Task The_next_request_tells_of_a_claim_deleted_by_force()
    {
        var client = await ClientAsync(Duration * 10);
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(lease);
        await Server.DeleteClaimAsync(Behind(lease).Claim);
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(lease.RenewAsync()));
        Assert.Equal(LeaseState.Lost, lease.State);
        await Time.UntilAsync(() => loss.HasFired, Soon, "Lost");
    }

    [Case]
    public async Task Loss_is_final()
    {
        var client = await ClientAsync();
        var lease = (IFencedLease)await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await LostAsync(lease, () => Cut(client), Duration);
        client.Connection.Restore();
        await Time.PassAsync(Duration);
        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.True(lease.Lost.IsCancellationRequested);
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(lease.RenewAsync()));
        Assert.Equal(LeaseState.Lost, lease.State);
    }

    [Case]
    public async Task State_and_remaining_look_at_the_clock_even_if_no_timer_runs()
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(lease);
        client.Clock.Stall();
        await Time.PassAsync(Duration);
        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(lease.RenewAsync()));
        client.Clock.Resume();
        await Time.UntilAsync(() => loss.HasFired, Soon, "Lost");
    }

    [Case]
    public async Task Remaining_runs_down_and_is_filled_up_by_renewals()
    {
        var duration = Lasting(2);
        var client = await ClientAsync(duration);
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var full = lease.Remaining;
        Assert.InRange(full, duration / 2, duration);
        client.Connection.Cut();
        await Time.PassAsync(duration / 6);
        var later = lease.Remaining;
        Assert.True(later <= full - (duration / 6) + TimeSpan.FromMilliseconds(20) || later > full, $"{later} of {full}");
        client.Connection.Restore();
        await AtOnceAsync(RenewEventuallyAsync(lease));
        Assert.True(lease.Remaining > duration / 2, $"{lease.Remaining}");
        client.Connection.Cut();
        await Time.UntilAsync(() => lease.Remaining == TimeSpan.Zero, duration, "nothing remains");
        Assert.Equal(LeaseState.Lost, lease.State);
        client.Connection.Restore();
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_release_does_not_fire_lost(Primitive primitive)
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, NewName()));
        var loss = Watch(lease);
        var lost = lease.Lost;
        await AtOnceAsync(lease.ReleaseAsync());
        await AtOnceAsync(lease.DisposeAsync());
        await Time.PassAsync(Duration * 1.5);
        Assert.False(loss.HasFired);
        Assert.False(lost.IsCancellationRequested);
        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Case]
    public async Task What_hangs_or_throws_in_a_callback_of_lost_delays_no_other()
    {
        var client = await ClientAsync();
        var leases = new List<ILease>();
        for (var index = 0; index < 4; index++)
        {
            leases.Add(await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName())));
        }

        using var hang = new ManualResetEventSlim();
        leases[0].Lost.Register(() => Time.Block(hang, TimeSpan.FromSeconds(30)));
        leases[1].Lost.Register(() => throw new InvalidOperationException("A callback of the user."));
        var losses = leases.Skip(2).Select(Watch).ToArray();
        client.Connection.Cut();
        try
        {
            await Time.UntilAsync(() => losses.All(loss => loss.HasFired), Duration + Server.Latency, "the others are told");
        }
        finally
        {
            hang.Set();
            client.Connection.Restore();
        }

        var again = await Time.WithinAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()), Bound, "a new lease");
        Assert.Equal(LeaseState.Held, again.State);
    }

    [Case]
    public async Task A_hand_renewed_lease_ends_after_one_duration_by_itself()
    {
        var client = await ClientAsync();
        var next = await ClientAsync();
        var name = NewName();
        var start = Time.Now;
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.HandRenewed, name));
        var loss = Watch(lease);
        var pending = await QueueUpAsync(next, Primitive.Lock, name, next);
        var (at, state, deadline) = await NextHolderAsync(pending, lease);
        Assert.Equal(LeaseState.Lost, state);
        await ToldBeforeAsync(loss, deadline, at, TimeSpan.Zero);
        Assert.True(Time.Provider.GetElapsedTime(start, loss.At) >= Duration / 2);
    }

    private static ValueTask Cut(Client client)
    {
        client.Connection.Cut();
        return ValueTask.CompletedTask;
    }

    // When the next one holds, what the holder's lease says at that moment, and the latest deadline that it was seen to have.
    private async Task<(long At, LeaseState State, long Deadline)> NextHolderAsync(Task<ILease> pending, ILease held)
    {
        var granted = NoteAsync(pending, held);
        var deadline = 0L;
        await Time.UntilAsync(
            () =>
            {
                // The clock first: a thread that is held up in between sees a deadline that is too early, and none that is too late.
                var now = Time.Now;
                var remaining = held.Remaining;
                deadline = remaining > TimeSpan.Zero ? Math.Max(deadline, now + (remaining.Ticks * Time.Provider.TimestampFrequency / TimeSpan.TicksPerSecond)) : deadline;
                return granted.IsCompleted;
            },
            Takeover + Soon,
            "the next holder");
        var (at, state) = await granted;
        return (at, state, deadline);
    }

    // The deadline is what counts: on the machine's clock the callback comes when a thread has time for it.
    private async Task ToldBeforeAsync(LossWatch loss, long deadline, long at, TimeSpan margin)
    {
        await Time.UntilAsync(() => loss.HasFired, Time.IsFake ? TimeSpan.Zero : Soon, "Lost");
        var told = Time.IsFake ? loss.At : deadline;
        Assert.True(told <= at, $"Lost {Time.Provider.GetElapsedTime(at, told)} after the next one held");
        Assert.True(Time.Provider.GetElapsedTime(told, at) >= margin, $"{Time.Provider.GetElapsedTime(told, at)}");
    }

    // The state is read before anything else happens at the grant.
    private async Task<(long At, LeaseState State)> NoteAsync(Task<ILease> pending, ILease held)
    {
        await pending;
        var at = Time.Now;
        return (at, held.State);
    }

    private async Task RenewAsync(ILease lease) => await lease.RenewAsync(Cancellation);

    private async Task<bool> RenewEventuallyAsync(ILease lease)
    {
        while (true)
        {
            try
            {
                await RenewAsync(lease);
                return true;
            }
            catch (CoordinationException fault) when (fault.IsTransient)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), Time.Provider);
            }
        }
    }

    private async Task LostAsync(ILease lease, Func<ValueTask> fault, TimeSpan within)
    {
        var loss = Watch(lease);
        Assert.False(loss.HasFired);
        await fault();
        await Time.UntilAsync(() => loss.HasFired, within + Server.Latency, "Lost");
        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
    }
}
