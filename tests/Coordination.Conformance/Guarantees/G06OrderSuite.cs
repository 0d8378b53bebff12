using System.Collections.Concurrent;

namespace Coordination.Conformance;

/// <summary>G6: fair backends grant in the order of arrival, and a waiter that dies in the middle promotes nobody.</summary>
[Trait("Guarantee", "G6")]
public abstract class OrderSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [InlineData(Primitive.Lock)]
    [InlineData(Primitive.WriteLock)]
    [InlineData(Primitive.Semaphore)]
    [InlineData(Primitive.Election)]
    public async Task Grants_come_in_the_order_of_arrival(Primitive primitive)
    {
        var clients = await ClientsAsync(4, Lasting(5));
        var name = NewName();
        var order = new ConcurrentQueue<int>();
        var held = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(primitive, name));
        var turns = new List<Task>();
        for (var number = 0; number < 12; number++)
        {
            turns.Add(TakeTurnAsync(await QueueUpAsync(clients[(number * 7) % 4], primitive, name, clients[0]), number, order));
        }

        await AtOnceAsync(held.ReleaseAsync());
        await Time.WithinAsync(Task.WhenAll(turns), Soon * 2, "all turns");
        Assert.Equal(Enumerable.Range(0, 12), order);
    }

    [Case]
    public async Task A_waiter_that_dies_in_the_middle_promotes_nobody()
    {
        Client[] clients = [.. await ClientsAsync(2, Lasting(5)), await ClientAsync(), .. await ClientsAsync(2, Lasting(5))];
        var name = NewName();
        var order = new ConcurrentQueue<int>();
        var held = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(Primitive.Lock, name));
        var turns = new List<Task>();
        for (var number = 1; number < 5; number++)
        {
            var pending = await QueueUpAsync(clients[number], Primitive.Lock, name, clients[0]);
            if (number != 2)
            {
                turns.Add(TakeTurnAsync(pending, number, order));
            }
        }

        clients[2].Vanish();
        await Time.UntilAsync(
            async () => (await clients[0].QueueAsync(name)).Waiters.Length == 3, Takeover, "the dead waiter is gone");
        Assert.Empty(order);
        Assert.Equal(LeaseState.Held, held.State);
        Assert.Equal(["c2", "c4", "c5"], (await clients[0].QueueAsync(name)).Waiters);
        await AtOnceAsync(held.ReleaseAsync());
        await Time.WithinAsync(Task.WhenAll(turns), Soon * 2, "all turns");
        Assert.Equal([1, 3, 4], order);
    }

    [Case]
    public async Task A_dead_waiter_whose_turn_comes_holds_up_the_next_no_longer_than_its_duration()
    {
        Client[] clients = [await ClientAsync(Lasting(5)), await ClientAsync(), await ClientAsync(Lasting(5))];
        var name = NewName();
        var held = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(Primitive.Lock, name));
        _ = await QueueUpAsync(clients[1], Primitive.Lock, name, clients[0]);
        var next = await QueueUpAsync(clients[2], Primitive.Lock, name, clients[0]);
        clients[1].Vanish();
        await AtOnceAsync(held.ReleaseAsync());
        var lease = await Time.WithinAsync(next, Takeover, "the next one's turn");
        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Case]
    public async Task A_waiter_that_gives_up_in_the_middle_promotes_nobody()
    {
        var clients = await ClientsAsync(3, Lasting(5));
        var name = NewName();
        var order = new ConcurrentQueue<int>();
        var held = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(Primitive.Lock, name));
        using var cancel = new CancellationTokenSource();
        var first = TakeTurnAsync(await QueueUpAsync(clients[0], Primitive.Lock, name, clients[0]), 0, order);
        var second = await QueueUpAsync(clients[1], Primitive.Lock, name, clients[0], cancel.Token);
        var third = TakeTurnAsync(await QueueUpAsync(clients[2], Primitive.Lock, name, clients[0]), 2, order);
        await cancel.CancelAsync();
        await Time.FailureAsync(second, Soon, "the cancelled wait");
        await WaitersAsync(clients[0], name, 2);
        Assert.Empty(order);
        await AtOnceAsync(held.ReleaseAsync());
        await Time.WithinAsync(Task.WhenAll(first, third), Soon, "the turns");
        Assert.Equal([0, 2], order);
    }

    [Case]
    public async Task Readers_and_writers_take_turns_in_the_order_of_arrival()
    {
        // R W R R W R: the readers behind the first writer wait for it, and the two in a row go together.
        var clients = await ClientsAsync(3, Lasting(5));
        var name = NewName();
        var first = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(Primitive.ReadLock, name));
        Primitive[] kinds = [Primitive.WriteLock, Primitive.ReadLock, Primitive.ReadLock, Primitive.WriteLock, Primitive.ReadLock];
        var pending = new List<Task<ILease>>();
        foreach (var kind in kinds)
        {
            pending.Add(await QueueUpAsync(clients[pending.Count % 3], kind, name, clients[0]));
        }

        await Time.SettleAsync();
        Assert.DoesNotContain(pending, turn => turn.IsCompleted);
        await AtOnceAsync(first.ReleaseAsync());
        var writer = await AtOnceAsync(pending[0]);
        await WaitersAsync(clients[0], name, 4);
        await AtOnceAsync(writer.ReleaseAsync());
        var readers = new[] { await AtOnceAsync(pending[1]), await AtOnceAsync(pending[2]) };
        await WaitersAsync(clients[0], name, 2);
        await AtOnceAsync(readers[0].ReleaseAsync());
        await Time.SettleAsync();
        Assert.False(pending[3].IsCompleted);
        await AtOnceAsync(readers[1].ReleaseAsync());
        await AtOnceAsync((await AtOnceAsync(pending[3])).ReleaseAsync());
        await AtOnceAsync((await AtOnceAsync(pending[4])).ReleaseAsync());
    }

    [Case]
    public async Task A_writer_is_not_starved_by_readers_that_keep_coming()
    {
        var clients = await ClientsAsync(2, Lasting(5));
        var name = NewName();
        var reader = await AtOnceAsync(clients[0].Coordinator.AcquireAsync(Primitive.ReadLock, name));
        var writer = await QueueUpAsync(clients[1], Primitive.WriteLock, name, clients[0]);
        Assert.Null(await AtOnceAsync(clients[0].Coordinator.TryAcquireAsync(Primitive.ReadLock, name, TimeSpan.Zero)));
        var late = await QueueUpAsync(clients[0], Primitive.ReadLock, name, clients[0]);
        await AtOnceAsync(reader.ReleaseAsync());
        var writing = await AtOnceAsync(writer);
        Assert.False(late.IsCompleted);
        await AtOnceAsync(writing.ReleaseAsync());
        await AtOnceAsync((await AtOnceAsync(late)).ReleaseAsync());
    }

    private async Task TakeTurnAsync(Task<ILease> pending, int number, ConcurrentQueue<int> order)
    {
        var lease = await pending;
        order.Enqueue(number);
        await lease.ReleaseAsync(Cancellation);
    }
}
