namespace Coordination.Conformance;

/// <summary>G12: one session renews all its claims together, in batches of a fixed size; a lease has no thread, timer or task of its own.</summary>
[Trait("Guarantee", "G12")]
public abstract class RenewalScalesSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    private const int Many = 10_000;

    // Long enough that ten thousand acquisitions fit well into it.
    private TimeSpan LongDuration => Time.IsFake ? Duration : TimeSpan.FromSeconds(12);

    [Case]
    public async Task Ten_thousand_leases_are_renewed_in_batches_and_all_stay_held()
    {
        await UseOwnServerAsync();
        var few = await HeldAsync(10);
        var many = await HeldAsync(Many);

        // One call of the SPI renews them all, however many; at the server they come in batches.
        Assert.InRange(many.Renewals, few.Renewals - 2, few.Renewals + 2);
        var perCycle = (double)many.Requests / many.Renewals;
        Assert.True(perCycle <= Server.MostRenewalRequests(Many), $"{perCycle} requests a cycle for {Many} leases");
        Assert.True((double)few.Requests / few.Renewals <= Server.MostRenewalRequests(10), $"{few.Requests} requests in {few.Renewals} cycles for 10 leases");
    }

    [Case]
    public async Task A_lease_has_no_timer_of_its_own()
    {
        var client = await ClientAsync(Duration * 20);
        var time = new CountingTime(Time.Provider);
        var connection = CleanUp(await Server.ConnectAsync());
        var coordinator = CleanUp(new Coordinator(connection.Backend, new CoordinatorOptions { LeaseDuration = Duration * 20 }, time));
        await AtOnceAsync(coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await Time.SettleAsync();
        var before = time.Alive;
        for (var index = 0; index < 200; index++)
        {
            await AtOnceAsync(coordinator.AcquireAsync(Primitive.Lock, NewName()));
        }

        await Time.UntilAsync(() => time.Alive <= before + 3, Soon, "200 leases have no more timers than one");
        _ = client;
    }

    [Case]
    public async Task Leases_of_one_duration_share_a_session()
    {
        var client = await ClientAsync();
        for (var index = 0; index < 5; index++)
        {
            foreach (var primitive in new[] { Primitive.Lock, Primitive.ReadLock, Primitive.Semaphore, Primitive.Election })
            {
                await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, NewName()));
            }
        }

        Assert.Equal(1, client.Faults.Count(Call.OpenSession));
        await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.HandRenewed, NewName()));
        Assert.Equal(2, client.Faults.Count(Call.OpenSession));
    }

    [Case]
    public async Task Releases_in_the_middle_of_renewals_lose_none_of_the_others()
    {
        var client = await ClientAsync(Lasting());
        var leases = new List<ILease>();
        for (var index = 0; index < 120; index++)
        {
            leases.Add(await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName())));
        }

        var losses = leases.Select(Watch).ToArray();
        var random = new Random(12);
        for (var round = 0; round < 60; round++)
        {
            var lease = leases[random.Next(leases.Count)];
            leases.Remove(lease);
            await AtOnceAsync(lease.ReleaseAsync());
            await Time.PassAsync(Duration / 20);
        }

        Assert.All(losses, loss => Assert.False(loss.HasFired));
        Assert.All(leases, lease => Assert.Equal(LeaseState.Held, lease.State));
    }

    private async Task<(int Renewals, long Requests)> HeldAsync(int count)
    {
        var client = await ClientAsync(LongDuration);
        var leases = new ILease[count];
        await Time.WithinAsync(
            Parallel.ForEachAsync(
                Enumerable.Range(0, count),
                new ParallelOptions { MaxDegreeOfParallelism = 64 },
                async (index, token) => leases[index] = await client.Coordinator.CreateLock($"{count}/{index}").AcquireAsync(token)),
            TimeSpan.FromSeconds(60),
            $"{count} leases");
        var losses = leases.Select(Watch).ToArray();

        // Begin and end right after a renewal, so that whole cycles are counted.
        var renewals = client.Faults.Count(Call.Renew);
        await Time.UntilAsync(() => client.Faults.Count(Call.Renew) > renewals, LongDuration, "a renewal");
        await Time.PassAsync(LongDuration / 10);
        renewals = client.Faults.Count(Call.Renew);
        var requests = await Server.CountRequestsAsync();
        await Time.PassAsync(LongDuration * 1.5);
        renewals = client.Faults.Count(Call.Renew) - renewals;
        requests = await Server.CountRequestsAsync() - requests;
        Assert.InRange(renewals, 3, 8);
        Assert.All(losses, loss => Assert.False(loss.HasFired));
        Assert.All(leases, lease => Assert.Equal(LeaseState.Held, lease.State));
        await Time.WithinAsync(client.Coordinator.DisposeAsync().AsTask(), TimeSpan.FromSeconds(30), "the end of all leases");
        return (renewals, requests);
    }
}

/// <summary>Counts the timers that are armed.</summary>
internal sealed class CountingTime(TimeProvider inner) : TimeProvider
{
    private int _alive;

    /// <summary>How many timers were made and not disposed.</summary>
    public int Alive => Volatile.Read(ref _alive);

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _alive);
        return new CountedTimer(this, inner.CreateTimer(callback, state, dueTime, period));
    }

    private sealed class CountedTimer(CountingTime time, ITimer timer) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref time._alive);
            }

            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
