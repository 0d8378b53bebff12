namespace Coordination.Conformance;

/// <summary>G1: at most one exclusive lease, <c>maxCount</c> permits, one leader, or readers without a writer, at a time.</summary>
[Trait("Guarantee", "G1")]
public abstract class ExclusionSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [InlineData(Primitive.Lock)]
    [InlineData(Primitive.WriteLock)]
    [InlineData(Primitive.Semaphore)]
    [InlineData(Primitive.Election)]
    [InlineData(Primitive.HandRenewed)]
    public async Task Contenders_never_hold_together(Primitive primitive)
    {
        var name = NewName();
        var overlap = new Overlap(Time.Provider);
        await ContendAsync(4, 3, 8, overlap, (client, _) => (client.Coordinator.AcquireAsync(primitive, name, Cancellation), "holder"));
        overlap.AssertAtMost(1);
        Assert.Equal(4 * 3 * 8, overlap.Count);
    }

    [CaseTable]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task No_more_permits_are_held_than_there_are(int maxCount)
    {
        var name = NewName();
        var overlap = new Overlap(Time.Provider);
        await ContendAsync(
            4,
            3,
            8,
            overlap,
            (client, _) => (client.Coordinator.CreateSemaphore(name, maxCount).AcquireAsync(Cancellation).AsTask(), "permit"));
        overlap.AssertAtMost(maxCount);
    }

    [Case]
    public async Task All_permits_can_be_held_and_not_one_more()
    {
        var clients = await ClientsAsync(3);
        var name = NewName();
        var permits = new List<ILease>();
        foreach (var client in clients)
        {
            permits.Add(await AtOnceAsync(client.Coordinator.CreateSemaphore(name, 3).AcquireAsync()));
        }

        Assert.Null(await AtOnceAsync(clients[0].Coordinator.CreateSemaphore(name, 3).TryAcquireAsync()));
        await AtOnceAsync(permits[1].ReleaseAsync());
        Assert.NotNull(await AtOnceAsync(clients[0].Coordinator.CreateSemaphore(name, 3).TryAcquireAsync()));
        Assert.Null(await AtOnceAsync(clients[1].Coordinator.CreateSemaphore(name, 3).TryAcquireAsync()));
    }

    [Case]
    public async Task While_the_number_of_permits_differs_the_smallest_of_those_held_binds()
    {
        var client = await ClientAsync();
        var name = NewName();
        var one = client.Coordinator.CreateSemaphore(name, 1);
        var three = client.Coordinator.CreateSemaphore(name, 3);
        var held = await AtOnceAsync(three.AcquireAsync());
        Assert.Null(await AtOnceAsync(one.TryAcquireAsync())); // one is held, and 1 is not fewer than 1
        await AtOnceAsync(held.ReleaseAsync());
        var only = await AtOnceAsync(one.AcquireAsync());
        Assert.Null(await AtOnceAsync(three.TryAcquireAsync())); // its holder wants to be the only one
        await AtOnceAsync(only.ReleaseAsync());
        Assert.NotNull(await AtOnceAsync(three.TryAcquireAsync()));
    }

    [Case]
    public async Task Readers_hold_together_and_never_with_a_writer()
    {
        var name = NewName();
        var overlap = new Overlap(Time.Provider);
        await ContendAsync(4, 3, 8, overlap, (client, random) => random.Next(3) == 0
            ? (client.Coordinator.AcquireAsync(Primitive.WriteLock, name, Cancellation), "writer")
            : (client.Coordinator.AcquireAsync(Primitive.ReadLock, name, Cancellation), "reader"));
        overlap.AssertNever(inside => inside.Count > 1 && inside.Contains("writer"), "a writer and another");
    }

    [Case]
    public async Task Many_readers_do_hold_together()
    {
        var clients = await ClientsAsync(2);
        var name = NewName();
        var readers = new List<ILease>();
        for (var index = 0; index < 6; index++)
        {
            readers.Add(await AtOnceAsync(clients[index % 2].Coordinator.AcquireAsync(Primitive.ReadLock, name)));
        }

        Assert.All(readers, reader => Assert.Equal(LeaseState.Held, reader.State));
        Assert.Null(await AtOnceAsync(clients[0].Coordinator.TryAcquireAsync(Primitive.WriteLock, name, TimeSpan.Zero)));
    }

    [Case]
    public async Task Claims_of_all_kinds_on_one_name_exclude_each_other()
    {
        // One name is one queue.
        var client = await ClientAsync();
        var name = NewName();
        Primitive[] kinds = [Primitive.Lock, Primitive.ReadLock, Primitive.WriteLock, Primitive.Semaphore, Primitive.HandRenewed, Primitive.Election];
        foreach (var kind in kinds)
        {
            var held = await AtOnceAsync(client.Coordinator.AcquireAsync(kind, name));
            foreach (var other in kinds.Where(other => other != Primitive.Election && (other, kind) != (Primitive.ReadLock, Primitive.ReadLock)))
            {
                var attempt = client.Coordinator.TryAcquireAsync(other, name, TimeSpan.Zero);
                if (!client.Faults.Description.AllowsMixedClaims && (other == Primitive.Semaphore) != (kind == Primitive.Semaphore))
                {
                    var refusal = await Assert.ThrowsAsync<CoordinationException>(() => attempt);
                    Assert.False(refusal.IsTransient);
                    continue;
                }

                Assert.Null(await AtOnceAsync(attempt, $"{other} beside {kind}"));
            }

            await AtOnceAsync(held.ReleaseAsync());
        }
    }

    [Case]
    public async Task Holders_that_vanish_in_the_middle_do_not_let_two_in()
    {
        // Some clients fall silent while they hold. Their stay ends when they are told that they lost; the others go on meanwhile.
        var name = NewName();
        var overlap = new Overlap(Time.Provider);
        var observer = await ClientAsync();
        var clients = await ClientsAsync(4);
        var work = clients.Select((client, number) => Task.Run(async () =>
        {
            for (var round = 0; round < 3; round++)
            {
                var lease = await client.Coordinator.AcquireAsync(Primitive.Lock, name, Cancellation);
                var vanishes = number % 2 == 0 && round == 1;
                await overlap.VisitAsync($"{number}", "holder", async () =>
                {
                    if (vanishes)
                    {
                        client.Vanish();
                        await Task.Delay(Timeout.InfiniteTimeSpan, Time.Provider, lease.Lost).ContinueWith(_ => { }, TaskScheduler.Default);
                    }
                    else
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(2), Time.Provider);
                    }
                });
                if (vanishes)
                {
                    return;
                }

                await lease.ReleaseAsync(Cancellation);
            }
        })).ToArray();
        await Time.WithinAsync(Task.WhenAll(work), (Takeover * 4) + Soon, "all rounds");
        overlap.AssertAtMost(1);
        Assert.Equal((2 * 3) + (2 * 2), overlap.Count);
        await EmptyAsync(observer, name, Takeover);
    }

    private async Task ContendAsync(
        int clients, int tasks, int rounds, Overlap overlap, Func<Client, Random, (Task<ILease> Acquiring, string Kind)> acquire)
    {
        var processes = await ClientsAsync(clients, Duration * 4);
        var work = processes.SelectMany((client, number) => Enumerable.Range(0, tasks).Select(task => Task.Run(async () =>
        {
            var random = new Random((number * 100) + task);
            for (var round = 0; round < rounds; round++)
            {
                var (acquiring, kind) = acquire(client, random);
                var lease = await acquiring;
                await overlap.VisitAsync($"{number}/{task}", kind, () => Task.Delay(TimeSpan.FromMilliseconds(2), Time.Provider));
                await lease.ReleaseAsync(Cancellation);
            }
        }))).ToArray();
        await Time.WithinAsync(Task.WhenAll(work), TimeSpan.FromMinutes(1), "all rounds");
    }
}
