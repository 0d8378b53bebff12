namespace Coordination.Conformance;

/// <summary>G2: tokens of one resource strictly increase in grant order, so that a fenced store refuses a stale holder.</summary>
[Trait("Guarantee", "G2")]
public abstract class FencingSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.Fenced), MemberType = typeof(Primitives))]
    public async Task Tokens_grow_from_holder_to_holder(Primitive primitive)
    {
        var clients = await ClientsAsync(3);
        var name = NewName();
        var last = default(FencingToken);

        // A backend that does not order readers among themselves orders them against writers: then a writer follows each.
        var alternate = primitive == Primitive.ReadLock && !clients[0].Faults.Description.OrdersReaders;
        for (var round = 0; round < 15; round++)
        {
            var kind = alternate && round % 2 == 1 ? Primitive.WriteLock : primitive;
            var lease = await AtOnceAsync(FencedAsync(clients[round % 3], kind, name));
            Assert.True(lease.FencingToken > last, $"{lease.FencingToken} after {last}");
            last = lease.FencingToken;
            await AtOnceAsync(lease.ReleaseAsync());
        }
    }

    [Case]
    public async Task Tokens_grow_whatever_is_made_under_the_name()
    {
        var client = await ClientAsync();
        var name = NewName();
        var last = default(FencingToken);
        Primitive[] kinds = [Primitive.Lock, Primitive.ReadLock, Primitive.Election, Primitive.WriteLock, Primitive.HandRenewed];
        foreach (var primitive in kinds.Concat(kinds))
        {
            var lease = await AtOnceAsync(FencedAsync(client, primitive, name));
            Assert.True(lease.FencingToken > last, $"{primitive}: {lease.FencingToken} after {last}");
            last = lease.FencingToken;
            await AtOnceAsync(lease.ReleaseAsync());
            await AtOnceAsync((await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Semaphore, name))).ReleaseAsync());
        }
    }

    [Case]
    public async Task Readers_that_hold_together_have_tokens_in_the_order_of_their_grants()
    {
        var client = await ClientAsync();
        var name = NewName();
        var last = default(FencingToken);
        for (var index = 0; index < 5; index++)
        {
            var reader = await AtOnceAsync(FencedAsync(client, Primitive.ReadLock, name));
            Assert.True(reader.FencingToken > last, $"{reader.FencingToken} after {last}");
            last = reader.FencingToken;
        }
    }

    [Case]
    public async Task The_token_of_a_waiter_is_greater_than_that_of_the_holder_it_waited_for()
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        var first = await AtOnceAsync(FencedAsync(holder, Primitive.Lock, name));
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder);
        await AtOnceAsync(first.ReleaseAsync());
        var second = (IFencedLease)await AtOnceAsync(pending);
        Assert.True(second.FencingToken > first.FencingToken);
        var shown = Assert.Single((await AtOnceAsync(holder.Coordinator.InspectAsync(name))).Holders);
        Assert.Equal(second.FencingToken, shown.FencingToken);
    }

    [Case]
    public async Task A_token_stays_the_same_as_long_as_the_lease()
    {
        var client = await ClientAsync(Lasting());
        var lease = await AtOnceAsync(FencedAsync(client, Primitive.Lock, NewName()));
        var token = lease.FencingToken;
        await Time.PassAsync(Duration * 2);
        await AtOnceAsync(lease.RenewAsync());
        Assert.Equal(token, lease.FencingToken);
        await AtOnceAsync(lease.ReleaseAsync());
        Assert.Equal(token, lease.FencingToken);
    }

    [Case]
    public async Task A_store_refuses_a_holder_that_lost_its_lease_without_noticing()
    {
        // The holder's timers stand still, as in a paused process, and it never asks whether it still holds.
        var paused = await ClientAsync();
        var next = await ClientAsync();
        var name = NewName();
        var register = new FencedRegister();
        var stale = await AtOnceAsync(FencedAsync(paused, Primitive.Lock, name));
        Assert.True(register.TryWrite(stale.FencingToken, "first"));
        var pending = await QueueUpAsync(next, Primitive.Lock, name, next);
        paused.Clock.Stall();
        paused.Vanish();
        var current = (IFencedLease)await Time.WithinAsync(pending, Takeover + Soon, "the next holder");
        Assert.True(register.TryWrite(current.FencingToken, "second"));
        paused.Clock.Resume();
        Assert.False(register.TryWrite(stale.FencingToken, "stale"));
        Assert.Equal("second", register.Value);
    }

    [Case]
    public async Task Tokens_grow_over_the_end_of_every_client()
    {
        var name = NewName();
        var last = default(FencingToken);
        for (var life = 0; life < 4; life++)
        {
            var client = await ClientAsync();
            var lease = await AtOnceAsync(FencedAsync(client, Primitive.Lock, name));
            Assert.True(lease.FencingToken > last, $"{lease.FencingToken} after {last}");
            last = lease.FencingToken;
            await AtOnceAsync(client.Coordinator.DisposeAsync());
        }
    }

    [Case]
    public async Task Permits_have_no_token()
    {
        var client = await ClientAsync();
        var permit = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Semaphore, NewName()));
        Assert.IsNotAssignableFrom<IFencedLease>(permit);
    }

    private static async Task<IFencedLease> FencedAsync(Client client, Primitive primitive, string name) =>
        Assert.IsAssignableFrom<IFencedLease>(await client.Coordinator.AcquireAsync(primitive, name, Cancellation));
}
