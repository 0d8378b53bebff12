namespace Coordination.Conformance;

/// <summary>What taking, trying and giving up mean, the same for every primitive.</summary>
[Trait("Guarantee", "G1")]
[Trait("Guarantee", "G4")]
public abstract class AcquisitionSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task What_is_free_is_held_at_once(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        var lease = await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, name));
        Assert.Equal(name, lease.Name);
        Assert.Equal(LeaseState.Held, lease.State);
        Assert.False(lease.Lost.IsCancellationRequested);
        Assert.InRange(lease.Remaining, TimeSpan.FromMilliseconds(1), Duration);
        await AtOnceAsync(lease.ReleaseAsync());
        Assert.Equal(LeaseState.Released, lease.State);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
        await EmptyAsync(client, name, Soon);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task What_is_held_is_waited_for(Primitive primitive)
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var pending = await QueueUpAsync(waiter, primitive, name, holder);
        Assert.False(pending.IsCompleted);
        await AtOnceAsync(held.DisposeAsync());
        var lease = await AtOnceAsync(pending);
        Assert.Equal(LeaseState.Held, lease.State);
        await AtOnceAsync(lease.DisposeAsync());
    }

    [Case]
    public async Task A_wait_and_a_hold_outlast_many_durations()
    {
        // All primitives at once, each between clients of its own: the time that has to pass is the same.
        var duration = Lasting();
        var waits = new List<(Primitive Primitive, LossWatch Loss, Task<ILease> Pending)>();
        foreach (var primitive in Enum.GetValues<Primitive>().Where(primitive => primitive != Primitive.HandRenewed))
        {
            var holder = await ClientAsync(duration);
            var waiter = await ClientAsync(duration);
            var name = NewName();
            var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
            waits.Add((primitive, Watch(held), await QueueUpAsync(waiter, primitive, name, holder)));
        }

        await Time.PassAsync(Time.IsFake ? duration * 4 : duration * 3);
        Assert.All(waits, wait =>
        {
            Assert.False(wait.Pending.IsCompleted, $"{wait.Primitive}: {wait.Pending.Status}");
            Assert.False(wait.Loss.HasFired, $"{wait.Primitive}");
            Assert.Equal((wait.Primitive, LeaseState.Held), (wait.Primitive, wait.Loss.Lease.State));
        });
        foreach (var (_, loss, pending) in waits)
        {
            await AtOnceAsync(loss.Lease.ReleaseAsync());
            await AtOnceAsync((await AtOnceAsync(pending)).ReleaseAsync());
        }
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Tryable), MemberType = typeof(Primitives))]
    public async Task Trying_takes_what_is_free_and_not_what_is_held(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        var rival = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        Assert.Null(await AtOnceAsync(client.Coordinator.TryAcquireAsync(primitive, name, TimeSpan.Zero)));
        Assert.Empty((await client.QueueAsync(name)).Waiters);
        await AtOnceAsync(rival.ReleaseAsync());
        var lease = await AtOnceAsync(client.Coordinator.TryAcquireAsync(primitive, name, TimeSpan.Zero));
        Assert.Equal(LeaseState.Held, lease!.State);
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Tryable), MemberType = typeof(Primitives))]
    public async Task A_time_out_bounds_the_queueing_and_leaves_nothing(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        await using var rival = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var timeout = Duration / 2;
        var start = Time.Now;
        var result = await Time.WithinAsync(
            client.Coordinator.TryAcquireAsync(primitive, name, timeout), timeout + Server.Latency + (timeout / 10), "the time-out");
        Assert.Null(result);
        Assert.True(Time.Since(start) >= timeout, $"gave up after {Time.Since(start)}");
        await WaitersAsync(client, name, 0);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Tryable), MemberType = typeof(Primitives))]
    public async Task A_turn_that_comes_within_the_time_out_is_taken(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        var rival = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var pending = client.Coordinator.TryAcquireAsync(primitive, name, TimeSpan.FromMinutes(1));
        await WaitersAsync(client, name, 1);
        await AtOnceAsync(rival.ReleaseAsync());
        var lease = await AtOnceAsync(pending);
        Assert.Equal(LeaseState.Held, lease!.State);
        await AtOnceAsync(lease.ReleaseAsync());
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Tryable), MemberType = typeof(Primitives))]
    public async Task An_infinite_time_out_waits(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        var rival = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        var pending = client.Coordinator.TryAcquireAsync(primitive, name, Timeout.InfiniteTimeSpan);
        await WaitersAsync(client, name, 1);
        await AtOnceAsync(rival.ReleaseAsync());
        await AtOnceAsync((await AtOnceAsync(pending))!.ReleaseAsync());
    }

    [Case]
    public async Task The_shorter_way_throws_when_the_time_is_up()
    {
        var client = await ClientAsync();
        var name = NewName();
        var distributedLock = client.Coordinator.CreateLock(name);
        var semaphore = client.Coordinator.CreateSemaphore(name + "'s permits", 1);
        await using var held = await AtOnceAsync(distributedLock.AcquireAsync());
        await using var permit = await AtOnceAsync(semaphore.AcquireAsync());
        var timeout = Duration / 10;
        await Assert.ThrowsAsync<TimeoutException>(() => Within(distributedLock.AcquireAsync(timeout).AsTask()));
        await Assert.ThrowsAsync<TimeoutException>(() => Within(semaphore.AcquireAsync(timeout).AsTask()));

        Task<T> Within<T>(Task<T> task) => Time.WithinAsync(task, timeout + Soon, "the time-out");
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_cancelled_wait_ends_at_once_with_its_own_token_and_leaves_nothing(Primitive primitive)
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        await using var rival = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        using var cancel = new CancellationTokenSource();
        var pending = await QueueUpAsync(waiter, primitive, name, holder, cancel.Token);
        await cancel.CancelAsync();
        var failure = Assert.IsAssignableFrom<OperationCanceledException>(await Time.FailureAsync(pending, Soon, "the cancelled wait"));
        Assert.Equal(cancel.Token, failure.CancellationToken);
        await WaitersAsync(holder, name, 0);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_token_cancelled_beforehand_sends_nothing(Primitive primitive)
    {
        var client = await ClientAsync();
        var name = NewName();
        var token = new CancellationToken(canceled: true);
        var failure = await Time.FailureAsync(client.Coordinator.AcquireAsync(primitive, name, token), Soon, "the cancelled call");
        Assert.Equal(token, Assert.IsAssignableFrom<OperationCanceledException>(failure).CancellationToken);
        Assert.Equal(0, client.Faults.Count(Call.Claim));
        Assert.Equal(0, client.Faults.Count(Call.OpenSession));
    }

    [Case]
    public async Task One_lock_object_serves_many_callers_and_is_not_reentrant()
    {
        var client = await ClientAsync();
        var distributedLock = client.Coordinator.CreateLock(NewName());
        var first = await AtOnceAsync(distributedLock.AcquireAsync());
        var others = Enumerable.Range(0, 5).Select(_ => distributedLock.AcquireAsync().AsTask()).ToList();
        await WaitersAsync(client, distributedLock.Name, 5);
        Assert.DoesNotContain(others, pending => pending.IsCompleted);
        await AtOnceAsync(first.ReleaseAsync());
        while (others.Count > 0)
        {
            var next = await AtOnceAsync(Task.WhenAny(others));
            others.Remove(next);
            await AtOnceAsync((await next).ReleaseAsync());
        }

        await EmptyAsync(client, distributedLock.Name, Soon);
    }

    [Case]
    public async Task A_run_holds_the_lock_and_gives_it_back_whatever_happens()
    {
        var client = await ClientAsync();
        var distributedLock = client.Coordinator.CreateLock(NewName());
        var result = await AtOnceAsync(distributedLock.RunAsync(async (lease, _) =>
        {
            Assert.Equal(LeaseState.Held, lease.State);
            Assert.Null(await distributedLock.TryAcquireAsync());
            return 42;
        }));
        Assert.Equal(42, result);
        var failure = await Time.FailureAsync(
            distributedLock.RunAsync((_, _) => throw new InvalidTimeZoneException()).AsTask(), Soon, "the run");
        Assert.IsType<InvalidTimeZoneException>(failure);
        await EmptyAsync(client, distributedLock.Name, Soon);
    }

    [Case]
    public async Task An_inspection_shows_holders_and_waiters_by_name_and_mode()
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        var read = (IFencedLease)await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.ReadLock, name));
        var pending = await QueueUpAsync(waiter, Primitive.WriteLock, name, holder);
        var status = await AtOnceAsync(holder.Coordinator.InspectAsync(name));
        Assert.Equal(name, status.Name);
        var held = Assert.Single(status.Holders);
        Assert.Equal((ClaimMode.Shared, "c1", read.FencingToken), (held.Mode, held.Value, held.FencingToken!.Value));
        var waiting = Assert.Single(status.Waiters);
        Assert.Equal((ClaimMode.Exclusive, "c2", null), (waiting.Mode, waiting.Value, waiting.FencingToken));
        await AtOnceAsync(read.DisposeAsync());
        await AtOnceAsync((await AtOnceAsync(pending)).DisposeAsync());
    }
}
