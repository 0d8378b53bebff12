using System.Diagnostics;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>Five real masters, of which some die, freeze and come back: everything works, and nothing waits for them longer than each has time.</summary>
public sealed class MasterFaultTests
{
    private static readonly TimeSpan MasterTimeout = TimeSpan.FromSeconds(1);

    public enum Fault
    {
        Kill,
        Freeze,
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Fault.Kill)]
    [InlineData(Fault.Freeze)]
    public async Task With_two_of_five_masters_gone_everything_works(Fault fault)
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(5);
        await using var holder = Coordinate(servers);
        await using var waiter = Coordinate(servers);
        await using var kept = await holder.CreateLock("kept").AcquireAsync(Cancellation);
        for (var master = 0; master < 2; master++)
        {
            await (fault == Fault.Kill ? servers.All[master].KillAsync() : servers.All[master].FreezeAsync());
        }

        for (var round = 0; round < 10; round++)
        {
            var lease = await InTimeAsync(holder.CreateLock("lock").AcquireAsync(Cancellation).AsTask());
            var pending = waiter.CreateLock("lock").AcquireAsync(Cancellation).AsTask();
            await UntilAsync(async () => (await InTimeAsync(holder.InspectAsync("lock", Cancellation).AsTask(), MasterTimeout)).Waiters.Count == 1);
            await InTimeAsync(lease.ReleaseAsync(Cancellation).AsTask());
            await using var next = await InTimeAsync(pending);
            Assert.True(next.FencingToken > lease.FencingToken);
        }

        await InTimeAsync(kept.RenewAsync(Cancellation).AsTask());
        await using var permit = await InTimeAsync(holder.CreateSemaphore("permits", 2).AcquireAsync(Cancellation).AsTask());
        await using var reader = await InTimeAsync(holder.CreateReaderWriterLock("rw").ReadLock.AcquireAsync(Cancellation).AsTask());
        Assert.Null(await InTimeAsync(waiter.CreateReaderWriterLock("rw").WriteLock.TryAcquireAsync(TimeSpan.Zero, Cancellation).AsTask()));
        Assert.Equal(LeaseState.Held, kept.State);
    }

    [Fact]
    public async Task With_three_of_five_masters_gone_calls_say_so_within_the_operation_timeout()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(5);
        await using var coordinator = Coordinate(servers, TimeSpan.FromSeconds(6));
        for (var master = 0; master < 3; master++)
        {
            await servers.All[master].FreezeAsync();
        }

        var began = Stopwatch.GetTimestamp();
        var fault = await Assert.ThrowsAsync<CoordinationException>(() => coordinator.CreateLock("lock").AcquireAsync(Cancellation).AsTask());
        Assert.True(fault.IsTransient);
        Assert.Contains("of 5 masters 3 are needed", fault.ToString(), StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Rule_14_a_lease_joins_a_master_that_is_free_again_and_outlives_the_next_failure()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await using var coordinator = Coordinate(servers);
        await servers.All[2].FreezeAsync();
        await using var lease = await coordinator.CreateLock("lock").AcquireAsync(Cancellation);
        await servers.All[2].ResumeAsync();

        // A bare majority until then. The claim that hung in the third may have come through; a renewal sees to it.
        await lease.RenewAsync(Cancellation);
        var leases = new RedlockKeys("coordination").Of("lock").Leases;
        await UntilAsync(async () => await (await servers.DatabaseAsync(2)).HashExistsAsync(leases, ((Coordination.Backends.IBackendLease)lease).Claim.Id));
        await servers.All[0].KillAsync();
        await lease.RenewAsync(Cancellation);
        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Fact]
    public async Task Rule_17_a_release_that_a_master_did_not_hear_is_told_again()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await using var coordinator = Coordinate(servers);
        var lease = await coordinator.CreateLock("lock").AcquireAsync(Cancellation);
        var id = ((Coordination.Backends.IBackendLease)lease).Claim.Id;
        var leases = new RedlockKeys("coordination").Of("lock").Leases;
        await UntilAsync(async () => await (await servers.DatabaseAsync(0)).HashExistsAsync(leases, id));
        await servers.All[0].FreezeAsync();
        await lease.ReleaseAsync(Cancellation);
        await Task.Delay(MasterTimeout + TimeSpan.FromMilliseconds(300), Cancellation);
        await servers.All[0].ResumeAsync();

        // Long before the 30 seconds after which it would end by itself.
        await UntilAsync(async () => !await (await servers.DatabaseAsync(0)).HashExistsAsync(leases, id));
    }

    [Fact]
    public async Task Rule_15_thirty_two_waiters_take_at_most_five_rounds_a_win_and_nobody_starves()
    {
        await using var servers = await RedlockServers.StartAdmittedAsync(3);
        await using var observer = Coordinate(servers);
        var coordinators = Enumerable.Range(0, 8).Select(_ => Coordinate(servers)).ToArray();
        var wins = new int[32];
        await using (var held = await observer.CreateLock("lock").AcquireAsync(Cancellation))
        {
            var workers = Enumerable.Range(0, 32).Select(number => Task.Run(async () =>
            {
                for (var round = 0; round < 6; round++)
                {
                    await using var lease = await coordinators[number % 8].CreateLock("lock").AcquireAsync(Cancellation);
                    wins[number]++;
                }
            })).ToArray();
            await UntilAsync(async () => (await observer.InspectAsync("lock", Cancellation)).Waiters.Count == 32);
            var before = await CallsAsync(servers);
            await held.ReleaseAsync(Cancellation);
            await Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
            var perWin = (double)(await CallsAsync(servers) - before) / (32 * 6);

            // A win is a claim, its release, and the waiting of the next turn; more of it is races that were lost. Counted at one master.
            Assert.True(perWin <= 5, $"{perWin} requests a win at one master");
        }

        Assert.All(wins, count => Assert.Equal(6, count));
        foreach (var coordinator in coordinators)
        {
            await coordinator.DisposeAsync();
        }
    }

    private static async Task<long> CallsAsync(RedlockServers servers) =>
        Conformance.RedisStatistics.ScriptCalls((await servers.AdminAsync(0)).GetServer(servers.All[0].EndPoint));

    private static Coordinator Coordinate(RedlockServers servers, TimeSpan? operationTimeout = null)
    {
        var options = new RedlockBackendOptions { MasterTimeout = MasterTimeout };
        foreach (var endPoint in servers.EndPoints)
        {
            options.Masters.Add(endPoint);
        }

        return new Coordinator(RedlockBackend.Create(options), new CoordinatorOptions { OperationTimeout = operationTimeout ?? TimeSpan.FromSeconds(10) });
    }

    // A master's time now and then, the first connections of a process, and a loaded machine. What nobody was woken for would take ten seconds, until the next renewal.
    private static async Task<T> InTimeAsync<T>(Task<T> call, TimeSpan more = default) => await call.WaitAsync((MasterTimeout * 8) + more, Cancellation);

    private static async Task InTimeAsync(Task call) => await call.WaitAsync(MasterTimeout * 8, Cancellation);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20), "It did not come about within 20 seconds.");
            await Task.Delay(10, Cancellation);
        }
    }
}
