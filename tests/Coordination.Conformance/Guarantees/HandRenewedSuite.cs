namespace Coordination.Conformance;

/// <summary>Leases with an end of their own, and their way from one process to another.</summary>
[Trait("Guarantee", "G2")]
[Trait("Guarantee", "G3")]
public abstract class HandRenewedSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    private static readonly LeaseOptions ByHand = new() { AutoRenew = false };

    [Case]
    public async Task A_renewal_gives_a_full_duration_from_now()
    {
        var duration = Lasting(2);
        var client = await ClientAsync(duration);
        var opening = Time.Now;
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(NewName(), ByHand).AcquireAsync());
        var loss = Watch(lease);
        var full = lease.Remaining;
        var renewals = new List<(long Sent, long Answered)> { (opening, opening) };
        for (var round = 0; round < 8; round++)
        {
            await Time.PassAsync(duration / 6);
            Assert.True(lease.Remaining < full, $"{lease.Remaining} of {full}");
            var now = Time.Now;
            await AtOnceAsync(lease.RenewAsync());
            renewals.Add((now, Time.Now));

            // A tenth is the margin. Where an answer proves only a request of three tenths before it, what is left is counted from the newest such one: that, or one that the engine sent
            // for the session meanwhile. The time since then is measured, so that it does not matter how long all this took.
            var proved = client.ProvesPreviousRequest
                ? renewals.Where(renewal => Time.Provider.GetElapsedTime(renewal.Answered, now) >= duration * 0.3).Select(renewal => renewal.Sent).LastOrDefault(opening)
                : now;
            var given = lease.Remaining + Time.Since(proved);
            Assert.True(given > duration * 0.8, $"{given} of {duration}");
        }

        Assert.False(loss.HasFired);
        Assert.Equal(LeaseState.Held, lease.State);
        await Time.UntilAsync(() => loss.HasFired, duration + Server.Latency, "the end of the lease");
        await EmptyAsync(client, lease.Name, Takeover + (duration - Duration));
    }

    [Case]
    public async Task It_is_not_renewed_by_itself_and_released_at_its_end()
    {
        var client = await ClientAsync();
        var other = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName(), options: new() { Duration = Lasting() }));
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(NewName(), ByHand).AcquireAsync());
        await Time.UntilAsync(() => lease.State == LeaseState.Lost, Duration + Server.Latency, "the end of the lease");
        await EmptyAsync(client, lease.Name, Takeover);
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(lease.RenewAsync()));
        Assert.Equal(LeaseState.Held, other.State);
    }

    [Case]
    public async Task A_long_wait_does_not_eat_up_the_lease()
    {
        var holder = await ClientAsync(Lasting(5));
        var waiter = await ClientAsync(Lasting(2));
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var pending = await QueueUpAsync(waiter, Primitive.HandRenewed, name, holder);
        await Time.PassAsync(Duration * 2.5);
        Assert.False(pending.IsCompleted);
        await AtOnceAsync(held.ReleaseAsync());
        var lease = await AtOnceAsync(pending);
        Assert.Equal(LeaseState.Held, lease.State);
        Assert.True(lease.Remaining > TimeSpan.Zero);
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [Case]
    public async Task A_detached_lease_goes_to_another_process_with_its_token()
    {
        var from = await ClientAsync(Lasting());
        var to = await ClientAsync(Lasting());
        var name = NewName();
        var lease = await AtOnceAsync(from.Coordinator.CreateLock(name, ByHand).AcquireAsync());
        var loss = Watch(lease);
        var ticket = await AtOnceAsync(lease.DetachAsync());
        Assert.Equal(LeaseState.Released, lease.State);
        Assert.DoesNotContain(ticket, char.IsControl);

        // Still held by somebody, for whoever asks.
        Assert.Null(await AtOnceAsync(to.Coordinator.CreateLock(name).TryAcquireAsync()));
        var taken = await AtOnceAsync(to.Coordinator.CreateLock(name).AttachAsync(ticket));
        Assert.Equal(lease.FencingToken, taken.FencingToken);
        Assert.Equal(LeaseState.Held, taken.State);

        // The taker's lock renews by itself, as its options say.
        await Time.PassAsync(Duration * 3);
        Assert.Equal(LeaseState.Held, taken.State);
        Assert.False(loss.HasFired);
        await AtOnceAsync(lease.DisposeAsync());
        Assert.Equal(LeaseState.Held, taken.State);
        Assert.Single((await from.QueueAsync(name)).Holders);
        await AtOnceAsync(taken.ReleaseAsync());
        await EmptyAsync(from, name, Soon);
    }

    [Case]
    public async Task An_attached_lease_can_be_detached_again()
    {
        var clients = await ClientsAsync(3);
        var name = NewName();
        var lease = await AtOnceAsync(clients[0].Coordinator.CreateLock(name, ByHand).AcquireAsync());
        var token = lease.FencingToken;
        foreach (var client in clients.Skip(1).Concat(clients))
        {
            await Time.PassAsync(Duration / 2);
            var ticket = await AtOnceAsync(lease.DetachAsync());
            lease = await AtOnceAsync(client.Coordinator.CreateLock(name, ByHand).AttachAsync(ticket));
            Assert.Equal(token, lease.FencingToken);
        }

        await AtOnceAsync(lease.ReleaseAsync());
        await EmptyAsync(clients[0], name, Soon);
    }

    [Case]
    public async Task A_leadership_moves_with_its_value()
    {
        var from = await ClientAsync();
        var to = await ClientAsync();
        var name = NewName();
        var leadership = await AtOnceAsync(from.Coordinator.CreateLeaderElection(name, ByHand).CampaignAsync("old"));
        await AtOnceAsync(leadership.ProclaimAsync("kept"));
        var ticket = await AtOnceAsync(leadership.DetachAsync());
        var election = to.Coordinator.CreateLeaderElection(name);
        var taken = await AtOnceAsync(election.AttachAsync(ticket));
        Assert.Equal(new Leader("kept", leadership.FencingToken), await AtOnceAsync(election.GetLeaderAsync()));
        await AtOnceAsync(taken.ProclaimAsync("new"));
        Assert.Equal(new Leader("new", leadership.FencingToken), await AtOnceAsync(election.GetLeaderAsync()));
        await AtOnceAsync(taken.ReleaseAsync());
        Assert.Null(await AtOnceAsync(election.GetLeaderAsync()));
    }

    [Case]
    public async Task Readers_and_writers_move_too()
    {
        var from = await ClientAsync();
        var to = await ClientAsync();
        foreach (var write in new[] { false, true })
        {
            var name = NewName();
            var lease = await AtOnceAsync(Side(from, ByHand).AcquireAsync());
            var taken = await AtOnceAsync(Side(to, null).AttachAsync(await AtOnceAsync(lease.DetachAsync())));
            Assert.Equal(lease.FencingToken, taken.FencingToken);
            await AtOnceAsync(taken.ReleaseAsync());

            IDistributedLock Side(Client client, LeaseOptions? options)
            {
                var pair = client.Coordinator.CreateReaderWriterLock(name, options);
                return write ? pair.WriteLock : pair.ReadLock;
            }
        }
    }

    [Case]
    public async Task A_ticket_is_good_for_one_taker()
    {
        var from = await ClientAsync();
        var to = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(from.Coordinator.CreateLock(name, ByHand).AcquireAsync());
        var ticket = await AtOnceAsync(lease.DetachAsync());
        var taken = await AtOnceAsync(to.Coordinator.CreateLock(name).AttachAsync(ticket));
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(to.Coordinator.CreateLock(name).AttachAsync(ticket)));
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(from.Coordinator.CreateLock(name).AttachAsync(ticket)));
        Assert.Equal(LeaseState.Held, taken.State);
        await AtOnceAsync(taken.RenewAsync());
    }

    [Case]
    public async Task A_ticket_is_worth_nothing_after_one_duration()
    {
        var from = await ClientAsync();
        var next = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(from.Coordinator.CreateLock(name, ByHand).AcquireAsync());
        var pending = await QueueUpAsync(next, Primitive.Lock, name, next);
        var ticket = await AtOnceAsync(lease.DetachAsync());
        var current = await Time.WithinAsync(pending, Takeover, "the next holder");
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(from.Coordinator.CreateLock(name).AttachAsync(ticket)));
        Assert.Equal(LeaseState.Held, current.State);
    }

    [Case]
    public async Task A_ticket_of_another_name_or_kind_is_refused_and_stays_good()
    {
        var client = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(name, ByHand).AcquireAsync());
        var ticket = await AtOnceAsync(lease.DetachAsync());
        await Assert.ThrowsAnyAsync<ArgumentException>(() => AtOnceAsync(client.Coordinator.CreateLock(NewName()).AttachAsync(ticket)));
        await Assert.ThrowsAnyAsync<ArgumentException>(
            () => AtOnceAsync(client.Coordinator.CreateReaderWriterLock(name).ReadLock.AttachAsync(ticket)));
        var taken = await AtOnceAsync(client.Coordinator.CreateLock(name).AttachAsync(ticket));
        await AtOnceAsync(taken.ReleaseAsync());
    }

    [Case]
    public async Task A_lease_that_renews_itself_cannot_be_detached()
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(NewName()).AcquireAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => AtOnceAsync(lease.DetachAsync()));
        Assert.Equal(LeaseState.Held, lease.State);
        await AtOnceAsync(lease.RenewAsync());
    }

    [Case]
    public async Task A_detached_lease_can_do_nothing_any_more()
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(NewName(), ByHand).AcquireAsync());
        await AtOnceAsync(lease.DetachAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => AtOnceAsync(lease.DetachAsync()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => AtOnceAsync(lease.RenewAsync()));
        await AtOnceAsync(lease.ReleaseAsync());
        await AtOnceAsync(lease.DisposeAsync());
        Assert.Single((await client.QueueAsync(lease.Name)).Holders);
    }

    [Case]
    public async Task A_lost_lease_cannot_be_detached()
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(NewName(), ByHand).AcquireAsync());
        await Time.PassAsync(Duration);
        await Assert.ThrowsAsync<LeaseLostException>(() => AtOnceAsync(lease.DetachAsync()));
    }

    [Case]
    public async Task A_detachment_that_fails_leaves_the_lease_held()
    {
        var client = await ClientAsync(Duration * 5);
        var lease = await AtOnceAsync(client.Coordinator.CreateLock(NewName(), ByHand).AcquireAsync());
        client.Connection.Cut();
        var failure = await Time.FailureAsync(lease.DetachAsync().AsTask(), Bound, "the detachment");
        Assert.True(Assert.IsType<CoordinationException>(failure).IsTransient);
        Assert.Equal(LeaseState.Held, lease.State);
        client.Connection.Restore();
    }
}
