namespace Coordination.Conformance;

/// <summary>An outage that is shorter than the deadline loses nothing: holders hold on, and waiters go on waiting.</summary>
[Trait("Guarantee", "G3")]
[Trait("Guarantee", "G6")]
public abstract class OutageSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    /// <summary>What an outage looks like to a client.</summary>
    public enum Outage
    {
        Silence,
        Reset,
        Freeze,
        Restart,
    }

    public static TheoryData<Outage> Outages => [.. Enum.GetValues<Outage>()];

    // Leases that outlast an outage and a renewal after it, where servers take the time that they need: those that start again most of all.
    private TimeSpan Outlasting(Outage outage) => Duration * (Time.IsFake ? 3 : outage == Outage.Restart ? 10 : 5);

    [CaseTable]
    [MemberData(nameof(Outages))]
    public async Task A_held_lease_survives(Outage outage)
    {
        await UseOwnServerAsync();
        var client = await ClientAsync(Outlasting(outage));
        var lease = (IFencedLease)await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(lease);
        var token = lease.FencingToken;
        await HappenAsync(outage, client);
        await Time.PassAsync(Duration * 6);
        Assert.False(loss.HasFired);
        Assert.Equal(LeaseState.Held, lease.State);
        await AtOnceAsync(lease.RenewAsync());
        Assert.Equal(token, lease.FencingToken);
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [CaseTable]
    [MemberData(nameof(Outages))]
    public async Task A_waiter_goes_on_waiting_and_gets_its_turn(Outage outage)
    {
        await UseOwnServerAsync();
        var holder = await ClientAsync(Outlasting(outage));
        var waiter = await ClientAsync(Outlasting(outage));
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
        await HappenAsync(outage, waiter);
        await Time.PassAsync(Duration * 4);
        Assert.False(pending.IsCompleted, $"The waiter: {pending.Status} {pending.Exception?.InnerException}; the holder: {held.State}");
        Assert.Equal(LeaseState.Held, held.State);
        await AtOnceAsync(held.ReleaseAsync());
        var lease = await Time.WithinAsync(pending, Soon, "the waiter's turn");
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [Case]
    public async Task A_turn_that_came_during_the_outage_is_found_after_it()
    {
        var duration = Outlasting(Outage.Silence);
        var holder = await ClientAsync(duration);
        var waiter = await ClientAsync(duration);
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
        waiter.Connection.Cut();
        await AtOnceAsync(held.ReleaseAsync());
        await Time.PassAsync(Duration / 2);
        Assert.False(pending.IsCompleted);
        waiter.Connection.Restore();

        // At the next renewal at the latest, if the hint was lost with the connection.
        var lease = await Time.WithinAsync(pending, (duration / 3) + (Duration / 2) + Soon, "the turn");
        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Case]
    public async Task A_waiter_whose_session_died_queues_anew()
    {
        var holder = await ClientAsync(Lasting());
        var waiter = await ClientAsync();
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));

        // A lease of the waiter's process leads to the session that its waiting claim shares.
        var alongside = await AtOnceAsync(waiter.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
        var status = await holder.InspectAsync(name);
        await Server.ExpireSessionAsync(SessionOf(alongside), [Behind(alongside).Claim, new(name, status.Waiters[0].Id)]);
        await Time.UntilAsync(() => alongside.State == LeaseState.Lost, (Duration / 3) + Server.Latency, "the session's end is noticed");
        await WaitersAsync(holder, name, 1);
        Assert.False(pending.IsCompleted);
        await AtOnceAsync(held.ReleaseAsync());
        Assert.Equal(LeaseState.Held, (await AtOnceAsync(pending)).State);
    }

    [Case]
    public async Task A_long_outage_loses_the_lease_and_the_coordinator_works_again_afterwards()
    {
        await UseOwnServerAsync();
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        client.Connection.Cut();
        await Time.PassAsync(Duration * 1.5);
        Assert.Equal(LeaseState.Lost, lease.State);
        client.Connection.Restore();
        var again = await Time.WithinAsync(AgainAsync(), Takeover + Bound, "a lease after the outage");
        Assert.Equal(LeaseState.Held, again.State);

        async Task<ILease> AgainAsync()
        {
            while (true)
            {
                try
                {
                    return await client.Coordinator.AcquireAsync(Primitive.Lock, lease.Name, Cancellation);
                }
                catch (CoordinationException fault) when (fault.IsTransient)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), Time.Provider);
                }
            }
        }
    }

    private async Task HappenAsync(Outage outage, Client client)
    {
        switch (outage)
        {
            case Outage.Silence:
                client.Connection.Cut();
                await Time.PassAsync(Outlasting(outage) / 3); // a renewal falls into it
                client.Connection.Restore();
                break;
            case Outage.Reset:
                await client.Connection.BreakAsync();
                break;
            case Outage.Freeze:
                await Server.FreezeAsync();
                await Time.PassAsync(Outlasting(outage) / 3);
                await Server.ThawAsync();
                break;
            case Outage.Restart:
                await Server.KillAsync();
                await Server.RestartAsync(keepData: true);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(outage), outage, null);
        }
    }
}
