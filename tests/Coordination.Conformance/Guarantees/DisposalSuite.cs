namespace Coordination.Conformance;

/// <summary>A coordinator that is disposed, in whatever state, tells its holders, ends its sessions and hangs nobody.</summary>
[Trait("Guarantee", "G3")]
[Trait("Guarantee", "G4")]
[Trait("Guarantee", "G10")]
public abstract class DisposalSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task Holders_are_told_and_the_next_holds_at_once(Primitive primitive)
    {
        var leaving = await ClientAsync(Duration * 20);
        var next = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(leaving.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var loss = Watch(lease);
        var pending = await QueueUpAsync(next, primitive, name, next);
        await AtOnceAsync(leaving.Coordinator.DisposeAsync());
        Assert.Equal(LeaseState.Held, (await AtOnceAsync(pending)).State);
        await Time.UntilAsync(() => loss.HasFired, Soon, "Lost");
        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
        await AtOnceAsync(lease.DisposeAsync());
    }

    [Case]
    public async Task A_coordinator_that_was_never_used_is_disposed_twice_and_at_once()
    {
        var client = await ClientAsync();
        await AtOnceAsync(client.Coordinator.DisposeAsync());
        await AtOnceAsync(client.Coordinator.DisposeAsync());
        client.Coordinator.Dispose();
        Assert.Equal(0, client.Faults.Count(Call.OpenSession));
    }

    [Case]
    public async Task Calls_under_way_end()
    {
        var client = await ClientAsync();
        var claim = client.Faults.HoldNext(Call.Claim);
        var acquiring = client.Coordinator.AcquireAsync(Primitive.Lock, NewName());
        await Time.WithinAsync(claim.Arrived, Soon, "a claim is under way");
        var disposal = client.Coordinator.DisposeAsync().AsTask();
        Assert.IsType<ObjectDisposedException>(await Time.FailureAsync(acquiring, Bound, "the acquire"));
        await Time.WithinAsync(disposal, Bound, "the disposal");
        claim.Open();
    }

    [Case]
    public async Task Disposal_in_an_outage_is_bounded_and_tells_the_holders()
    {
        var client = await ClientAsync(Duration * 20);
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(lease);
        client.Connection.Cut();
        await Time.WithinAsync(client.Coordinator.DisposeAsync().AsTask(), Bound, "the disposal");
        await Time.UntilAsync(() => loss.HasFired, Soon, "Lost");
    }

    [Case]
    public async Task Leases_released_or_lost_before_stay_what_they_are()
    {
        var client = await ClientAsync();
        var released = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(released);
        await AtOnceAsync(released.ReleaseAsync());
        await AtOnceAsync(client.Coordinator.DisposeAsync());
        await Time.SettleAsync();
        Assert.Equal(LeaseState.Released, released.State);
        Assert.False(loss.HasFired);
    }

    [Case]
    public async Task Others_in_the_same_server_are_not_disturbed()
    {
        var leaving = await ClientAsync();
        var staying = await ClientAsync(Lasting());
        var lease = await AtOnceAsync(staying.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await AtOnceAsync(leaving.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await AtOnceAsync(leaving.Coordinator.DisposeAsync());
        await Time.PassAsync(Duration * 2);
        Assert.Equal(LeaseState.Held, lease.State);
        await AtOnceAsync(lease.RenewAsync());
    }
}
