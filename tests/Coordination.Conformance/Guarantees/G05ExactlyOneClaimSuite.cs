namespace Coordination.Conformance;

/// <summary>G5: a reply lost on the way never makes two claims or a forgotten one.</summary>
[Trait("Guarantee", "G5")]
public abstract class ExactlyOneClaimSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_grant_whose_reply_was_lost_is_found_again(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        client.Faults.LoseReplyOfNext(Call.Claim);
        var lease = await Time.WithinAsync(client.Coordinator.AcquireAsync(primitive, name), Bound, "the lease");
        await OneClaimAsync(client, name, lease);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Tryable), MemberType = typeof(Primitives))]
    public async Task A_try_whose_reply_was_lost_is_found_again(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        client.Faults.LoseReplyOfNext(Call.Claim);
        var lease = await Time.WithinAsync(client.Coordinator.TryAcquireAsync(primitive, name, TimeSpan.Zero), Bound, "the lease");
        await OneClaimAsync(client, name, lease!);
    }

    [Case]
    public async Task Several_lost_replies_in_a_row_make_one_claim()
    {
        var client = await ClientAsync(Duration * 5);
        var name = NewName();
        for (var loss = 0; loss < 3; loss++)
        {
            client.Faults.LoseReplyOfNext(Call.Claim);
        }

        var lease = await Time.WithinAsync(client.Coordinator.AcquireAsync(Primitive.Lock, name), Bound, "the lease");
        await OneClaimAsync(client, name, lease);
    }

    [Case]
    public async Task A_waiter_whose_reply_was_lost_waits_once()
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        waiter.Faults.LoseReplyOfNext(Call.Claim);
        var pending = waiter.Coordinator.AcquireAsync(Primitive.Lock, name);
        await Time.UntilAsync(() => waiter.Faults.Count(Call.Claim) >= 2, Bound, "the claim is sent again");
        await Time.PassAsync(Duration / 2);
        Assert.Single((await holder.QueueAsync(name)).Waiters);
        await AtOnceAsync(held.ReleaseAsync());
        await OneClaimAsync(holder, name, await AtOnceAsync(pending));
    }

    [Case]
    public async Task A_session_whose_reply_was_lost_is_opened_again()
    {
        var client = await ClientAsync();
        var name = NewName();
        client.Faults.LoseReplyOfNext(Call.OpenSession);
        var lease = await Time.WithinAsync(client.Coordinator.AcquireAsync(Primitive.Lock, name), Bound, "the lease");
        await OneClaimAsync(client, name, lease);
    }

    [Case]
    public async Task A_release_whose_reply_was_lost_has_released_and_does_not_fail()
    {
        // Rule 6: "not found" on a retried release is success.
        var client = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, name));
        client.Faults.LoseReplyOfNext(Call.Release);
        var failure = await Time.FailureAsync(lease.ReleaseAsync().AsTask(), Bound, "the release");
        Assert.True(failure is null or CoordinationException { IsTransient: true }, $"{failure}");
        await EmptyAsync(client, name, Takeover);
        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Case]
    public async Task A_renewal_whose_reply_was_lost_harms_nothing()
    {
        var client = await ClientAsync(Lasting());
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(lease);
        client.Faults.LoseReplyOfNext(Call.Renew);
        await OutliveAsync();
        Assert.False(loss.HasFired);
        Assert.Equal(LeaseState.Held, lease.State);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_reply_lost_on_the_wire_makes_one_claim(Primitive primitive)
    {
        // The same through the driver: the request is applied, the connection breaks, the driver connects again.
        var client = await ClientAsync(Duration * 5);
        var observer = await ClientAsync();
        await AtOnceAsync((await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, NewName()))).ReleaseAsync());
        var name = NewName();
        var lost = client.Connection.LoseNextReplyAsync(name);
        var lease = await Time.WithinAsync(AcquireEventuallyAsync(client, primitive, name), TimeSpan.FromSeconds(30), "the lease");
        await Time.WithinAsync(lost, Soon, "the reply was lost");
        await OneClaimAsync(observer, name, lease);
    }

    [Case]
    public async Task An_old_grant_that_comes_after_its_expiry_is_not_believed()
    {
        // Rule 4, ghost grants. The grant's reply is on its way while the claim expires and another gets the resource.
        var slow = await ClientAsync();
        var other = await ClientAsync(Lasting());
        var name = NewName();
        var held = slow.Faults.HoldReplyOfNext(Call.Claim);
        var pending = slow.Coordinator.AcquireAsync(Primitive.Lock, name);
        await Time.WithinAsync(held.Arrived, Soon, "the grant is on its way");
        var next = await Time.WithinAsync(other.Coordinator.AcquireAsync(Primitive.Lock, name), (Takeover * 2) + Bound, "the other's lease");
        held.Open();
        await Time.NeverAsync(() => pending.IsCompletedSuccessfully && next.State == LeaseState.Held, Duration, "two hold");
        await AtOnceAsync(next.ReleaseAsync());
        if (await Time.FailureAsync(pending, Takeover + Bound, "the end of the slow call") is null)
        {
            Assert.True(((IFencedLease)await pending).FencingToken > ((IFencedLease)next).FencingToken);
        }
    }

    [Case]
    public async Task A_grant_hinted_after_the_waiter_left_and_came_back_is_not_believed()
    {
        // The waiter's first claim was granted and expired with its hint on the way; it waits again with another claim.
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        using var cancel = new CancellationTokenSource();
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder, cancel.Token);
        waiter.Faults.Hints = HintFault.Hold;
        await AtOnceAsync(held.ReleaseAsync());
        await cancel.CancelAsync();
        await Time.FailureAsync(pending, Soon, "the cancelled wait");
        await EmptyAsync(holder, name, Takeover);

        await using var again = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var second = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
        waiter.Faults.DeliverHeldHints();
        await Time.NeverAsync(() => second.IsCompleted, Duration / 2, "an old hint was believed");
        waiter.Faults.Hints = HintFault.None;
        await AtOnceAsync(again.ReleaseAsync());
        await AtOnceAsync((await Time.WithinAsync(second, Takeover, "the turn")).ReleaseAsync());
    }

    private async Task OneClaimAsync(Client observer, string name, ILease lease)
    {
        Assert.Equal(LeaseState.Held, lease.State);
        var status = await AtOnceAsync(observer.InspectAsync(name));
        Assert.Equal(Behind(lease).Claim.Id, Assert.Single(status.Holders).Id);
        Assert.Equal(Behind(lease).Token, status.Holders[0].FencingToken);
        Assert.Empty(status.Waiters);
        await AtOnceAsync(lease.ReleaseAsync());
        await EmptyAsync(observer, name, Soon);
    }

    private async Task<ILease> AcquireEventuallyAsync(Client client, Primitive primitive, string name)
    {
        while (true)
        {
            try
            {
                return await client.Coordinator.AcquireAsync(primitive, name, Cancellation);
            }
            catch (CoordinationException fault) when (fault.IsTransient)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), Time.Provider);
            }
        }
    }
}
