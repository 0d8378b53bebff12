namespace Coordination.Conformance;

/// <summary>G9: a release is idempotent, says what it could not do, never removes another's claim; disposal never throws for a fault.</summary>
[Trait("Guarantee", "G9")]
public abstract class ReleaseSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task Released_twice_is_released_once(Primitive primitive)
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, NewName()));
        await AtOnceAsync(lease.ReleaseAsync());
        await AtOnceAsync(lease.ReleaseAsync());
        await AtOnceAsync(lease.DisposeAsync());
        await AtOnceAsync(lease.DisposeAsync());
        Assert.Equal(1, client.Faults.Count(Call.Release));
        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Case]
    public async Task Releases_at_once_are_one_release()
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await AtOnceAsync(Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await Task.Yield();
            await lease.ReleaseAsync(Cancellation);
            return true;
        })));
        Assert.Equal(1, client.Faults.Count(Call.Release));
        await EmptyAsync(client, lease.Name, Soon);
    }

    [Case]
    public async Task A_second_release_never_takes_the_next_holders_lease()
    {
        var first = await ClientAsync();
        var second = await ClientAsync();
        var name = NewName();
        var old = await AtOnceAsync(first.Coordinator.AcquireAsync(Primitive.Lock, name));
        await AtOnceAsync(old.ReleaseAsync());
        var current = await AtOnceAsync(second.Coordinator.AcquireAsync(Primitive.Lock, name));
        await AtOnceAsync(old.ReleaseAsync());
        await AtOnceAsync(old.DisposeAsync());
        Assert.Equal(["c2"], (await second.QueueAsync(name)).Holders);
        await AtOnceAsync(current.RenewAsync());
    }

    [Case]
    public async Task A_release_during_a_renewal_is_not_undone_by_it()
    {
        // The renewal was sent before the release and is answered, or applied, after it.
        var client = await ClientAsync(Lasting());
        var other = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        foreach (var hold in new[] { client.Faults.HoldNext, client.Faults.HoldReplyOfNext })
        {
            var held = hold(Call.Renew);
            var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
            var loss = Watch(lease);
            await Time.WithinAsync(held.Arrived, Lasting(), "a renewal is under way");
            await AtOnceAsync(lease.ReleaseAsync());
            held.Open();
            await Time.WithinAsync(held.Completed, Soon, "the renewal");
            await EmptyAsync(client, lease.Name, Soon);
            await Time.PassAsync(Duration); // another renewal, or more
            Assert.Empty((await client.QueueAsync(lease.Name)).Holders);
            Assert.Equal(LeaseState.Released, lease.State);
            Assert.False(loss.HasFired);
        }

        Assert.Equal(LeaseState.Held, other.State);
    }

    [Case]
    public async Task A_release_that_cannot_be_told_throws_and_the_claim_ends_all_the_same()
    {
        var client = await ClientAsync();
        var observer = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var loss = Watch(lease);
        client.Connection.Cut();
        var releasing = lease.ReleaseAsync().AsTask();
        Assert.Equal(LeaseState.Released, lease.State); // no longer held, whatever the outcome
        var fault = Assert.IsAssignableFrom<CoordinationException>(await Time.FailureAsync(releasing, Bound, "the release"));
        Assert.IsNotType<LeaseLostException>(fault);
        AssertNames(fault, client, lease.Name);
        await EmptyAsync(observer, lease.Name, Takeover);
        Assert.False(loss.HasFired);
        client.Connection.Restore();
    }

    [Case]
    public async Task A_release_that_could_not_be_told_is_tried_again_in_the_background()
    {
        // The lease is long; if nobody tried again, the next would wait for its end.
        var client = await ClientAsync(Duration * 20);
        var observer = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        client.Connection.Cut();
        var failure = await Time.FailureAsync(lease.ReleaseAsync().AsTask(), Bound, "the release");
        Assert.IsAssignableFrom<CoordinationException>(failure);
        client.Connection.Restore();
        await EmptyAsync(observer, lease.Name, Duration * 10);
    }

    [Case]
    public async Task A_release_whose_caller_leaves_goes_on()
    {
        var client = await ClientAsync(Duration * 20);
        var observer = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var held = client.Faults.HoldNext(Call.Release);
        using var cancel = new CancellationTokenSource();
        var releasing = lease.ReleaseAsync(cancel.Token).AsTask();
        await Time.WithinAsync(held.Arrived, Soon, "the release is under way");
        await cancel.CancelAsync();
        var failure = Assert.IsAssignableFrom<OperationCanceledException>(await Time.FailureAsync(releasing, Soon, "the cancelled call"));
        Assert.Equal(cancel.Token, failure.CancellationToken);
        Assert.Equal(LeaseState.Released, lease.State);
        held.Open();
        await EmptyAsync(observer, lease.Name, Duration * 10);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_release_after_the_loss_says_so_and_takes_nothing_from_the_next(Primitive primitive)
    {
        var client = await ClientAsync();
        var next = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var pending = await QueueUpAsync(next, primitive, name, next);
        client.Connection.Cut();
        var current = await Time.WithinAsync(pending, Takeover + Soon, "the next holder");
        client.Connection.Restore();
        await Assert.ThrowsAsync<LeaseLostException>(() => Time.WithinAsync(lease.ReleaseAsync().AsTask(), Bound, "the release"));
        await Time.WithinAsync(lease.DisposeAsync().AsTask(), Bound, "the disposal");
        await Time.PassAsync(Duration / 2);
        Assert.Equal(["c2"], (await next.QueueAsync(name)).Holders);
        Assert.True(primitive == Primitive.HandRenewed || current.State == LeaseState.Held);
    }

    [Case]
    public async Task Disposing_never_throws_for_a_fault()
    {
        var client = await ClientAsync();
        var cut = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var refused = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var deleted = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await Server.DeleteClaimAsync(Behind(deleted).Claim);
        await AtOnceAsync(deleted.DisposeAsync());
        client.Faults.RefuseNext(Call.Release);
        await Time.WithinAsync(refused.DisposeAsync().AsTask(), Bound, "the disposal");
        client.Connection.Cut();
        await Time.WithinAsync(cut.DisposeAsync().AsTask(), Bound, "the disposal");
        client.Connection.Restore();
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_released_lease_can_do_nothing_any_more(Primitive primitive)
    {
        var client = await ClientAsync();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, NewName()));
        await AtOnceAsync(lease.ReleaseAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => AtOnceAsync(lease.RenewAsync()));
        if (lease is IFencedLease fenced)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => AtOnceAsync(fenced.DetachAsync()));
        }

        if (lease is ILeadership leadership)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => AtOnceAsync(leadership.ProclaimAsync("late")));
        }
    }

    internal static void AssertNames(CoordinationException fault, Client client, string name)
    {
        Assert.Contains(client.Faults.Description.Name, fault.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }
}
