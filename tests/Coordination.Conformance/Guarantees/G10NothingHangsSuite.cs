using System.Diagnostics;

namespace Coordination.Conformance;

/// <summary>G10: every call ends within its time budget, with an error that names the backend, the operation and the resource.</summary>
[Trait("Guarantee", "G10")]
public abstract class NothingHangsSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    /// <summary>Why nobody answers.</summary>
    public enum Fault
    {
        Silence,
        Freeze,
        Death,
    }

    /// <summary>What a user calls.</summary>
    public enum UserCall
    {
        Acquire,
        TryZero,
        TryPositive,
        Read,
        Permit,
        Campaign,
        Inspect,
        GetLeader,
        Renew,
        Release,
        Dispose,
        Proclaim,
        Detach,
        Attach,
        DisposeCoordinator,
    }

    /// <summary>When a call is not wanted any more.</summary>
    public enum GivenUp
    {
        BeforeTheReset,
        AfterTheReset,
        ByItsTimeOut,
    }

    /// <summary>Shorter than elsewhere: most of these cases wait for its end.</summary>
    protected override TimeSpan OperationTimeout => Time.IsFake ? base.OperationTimeout : TimeSpan.FromSeconds(3);

    public static TheoryData<Fault, UserCall> Calls
    {
        get
        {
            var calls = new TheoryData<Fault, UserCall>();
            foreach (var call in Enum.GetValues<UserCall>())
            {
                calls.Add(Fault.Freeze, call);
            }

            // The other two differ in what the driver sees, not in what the call does: a few calls stand for all.
            foreach (var call in new[] { UserCall.Acquire, UserCall.TryZero, UserCall.Inspect, UserCall.Release, UserCall.DisposeCoordinator })
            {
                calls.Add(Fault.Silence, call);
                calls.Add(Fault.Death, call);
            }

            return calls;
        }
    }

    [CaseTable]
    [MemberData(nameof(Calls))]
    public async Task A_call_that_nobody_answers_ends_within_its_budget(Fault fault, UserCall call)
    {
        await UseOwnServerAsync();
        var client = await ClientAsync(Duration * 20);
        var name = NewName();
        var target = await PrepareAsync(client, call, name);
        await HappenAsync(fault, client);
        var failure = await Time.FailureAsync(target(), Bound, $"the end of {call}");
        if (call is UserCall.Dispose or UserCall.DisposeCoordinator)
        {
            Assert.Null(failure);
            return;
        }

        var error = Assert.IsAssignableFrom<CoordinationException>(failure);
        Assert.True(error.IsTransient, $"{error}");
        ReleaseSuite.AssertNames(error, client, name);
    }

    [Case]
    public async Task A_waiter_with_a_time_out_ends_in_time_although_the_server_froze_meanwhile()
    {
        await UseOwnServerAsync();
        var client = await ClientAsync(Duration * 20);
        var name = NewName();
        await using var held = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, name));
        var timeout = Duration;
        var pending = client.Coordinator.TryAcquireAsync(Primitive.Lock, name, timeout);
        await WaitersAsync(client, name, 1);
        await Server.FreezeAsync();
        var failure = await Time.FailureAsync(pending, timeout + Bound, "the end of the try");
        Assert.True(failure is null or CoordinationException { IsTransient: true }, $"{failure}");
        if (failure is null)
        {
            Assert.Null(await pending);
        }

        await Server.ThawAsync();
    }

    [Case]
    public async Task A_cancelled_call_ends_at_once_although_nobody_answers()
    {
        await UseOwnServerAsync();
        var client = await ClientAsync(Duration * 20);
        await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        await Server.FreezeAsync();
        foreach (var primitive in Enum.GetValues<Primitive>())
        {
            using var cancel = new CancellationTokenSource();
            var pending = client.Coordinator.AcquireAsync(primitive, NewName(), cancel.Token);
            await Time.SettleAsync();
            await cancel.CancelAsync();
            var failure = await Time.FailureAsync(pending, Server.Latency, "the cancelled call");
            Assert.Equal(cancel.Token, Assert.IsAssignableFrom<OperationCanceledException>(failure).CancellationToken);
        }

        await Server.ThawAsync();
    }

    [Case]
    public async Task Many_calls_that_nobody_answers_end_together()
    {
        // Not one after the other: each has its own budget.
        await UseOwnServerAsync();
        var client = await ClientAsync(Duration * 20);
        await Server.FreezeAsync();
        var pending = Enumerable.Range(0, 50).Select(_ => client.Coordinator.AcquireAsync(Primitive.Lock, NewName())).ToArray();
        await Time.UntilAsync(() => pending.All(call => call.IsCompleted), Bound, "the end of all calls");
        foreach (var call in pending)
        {
            Assert.IsAssignableFrom<CoordinationException>(await Time.FailureAsync(call, Soon, "the call"));
        }

        await Server.ThawAsync();
    }

    [CaseTable]
    [InlineData(GivenUp.BeforeTheReset)]
    [InlineData(GivenUp.AfterTheReset)]
    [InlineData(GivenUp.ByItsTimeOut)]
    public async Task A_connection_that_is_reset_while_a_session_is_opened_and_given_up_is_no_error_of_the_driver(GivenUp way)
    {
        // The error takes its time through the driver's layers. Somewhere on its way it meets the end, at another place each time.
        // A lease that is renewed by hand has a session of its own: each acquisition is the first of one.
        var client = await ClientAsync(Duration * 20, options => options.OperationTimeout = way == GivenUp.ByItsTimeOut ? TimeSpan.FromMilliseconds(10) : OperationTimeout);
        for (var round = 0; round < 100; round++)
        {
            client.Connection.Cut(); // so that the session is being opened, however quick the server is
            using var cancel = new CancellationTokenSource();
            var pending = client.Coordinator.AcquireAsync(Primitive.HandRenewed, NewName(), cancel.Token);
            await Time.SettleAsync();
            if (way == GivenUp.BeforeTheReset)
            {
                cancel.Cancel();
            }

            if (way != GivenUp.AfterTheReset)
            {
                Spin(round);
            }

            await client.Connection.BreakAsync();
            if (way == GivenUp.AfterTheReset)
            {
                Spin(round);
                cancel.Cancel();
            }

            var failure = await Time.FailureAsync(pending, Bound, "the end of the acquisition");
            Assert.True(failure is null or CoordinationException || (failure is OperationCanceledException && cancel.IsCancellationRequested), $"Round {round}: {failure}");
            client.Connection.Restore();
            await using var lease = failure is null ? await pending : null;
        }

        static void Spin(int round)
        {
            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromMicroseconds(round % 50 * 10);)
            {
                Thread.SpinWait(10);
            }
        }
    }

    [Case]
    public async Task A_single_lost_request_is_sent_again_within_the_callers_budget()
    {
        var client = await ClientAsync();
        client.Faults.RefuseNext(Call.Claim);
        client.Faults.RefuseNext(Call.OpenSession);
        var lease = await Time.WithinAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()), Bound, "the lease");
        Assert.Equal(LeaseState.Held, lease.State);
    }

    private async Task<Func<Task>> PrepareAsync(Client client, UserCall call, string name)
    {
        var coordinator = client.Coordinator;
        switch (call)
        {
            case UserCall.Acquire:
                return () => coordinator.AcquireAsync(Primitive.Lock, name);
            case UserCall.TryZero:
                return () => coordinator.TryAcquireAsync(Primitive.Lock, name, TimeSpan.Zero);
            case UserCall.TryPositive:
                return () => coordinator.TryAcquireAsync(Primitive.Lock, name, OperationTimeout / 2);
            case UserCall.Read:
                return () => coordinator.AcquireAsync(Primitive.ReadLock, name);
            case UserCall.Permit:
                return () => coordinator.AcquireAsync(Primitive.Semaphore, name);
            case UserCall.Campaign:
                return () => coordinator.AcquireAsync(Primitive.Election, name);
            case UserCall.Inspect:
                return () => coordinator.InspectAsync(name).AsTask();
            case UserCall.GetLeader:
                return () => coordinator.CreateLeaderElection(name).GetLeaderAsync().AsTask();
            case UserCall.Renew:
                {
                    var lease = await AtOnceAsync(coordinator.AcquireAsync(Primitive.Lock, name));
                    return () => lease.RenewAsync().AsTask();
                }

            case UserCall.Release:
                {
                    var lease = await AtOnceAsync(coordinator.AcquireAsync(Primitive.Lock, name));
                    return () => lease.ReleaseAsync().AsTask();
                }

            case UserCall.Dispose:
                {
                    var lease = await AtOnceAsync(coordinator.AcquireAsync(Primitive.Lock, name));
                    return () => lease.DisposeAsync().AsTask();
                }

            case UserCall.Proclaim:
                {
                    var leadership = (ILeadership)await AtOnceAsync(coordinator.AcquireAsync(Primitive.Election, name));
                    return () => leadership.ProclaimAsync("new").AsTask();
                }

            case UserCall.Detach:
                {
                    var lease = (IFencedLease)await AtOnceAsync(coordinator.AcquireAsync(Primitive.HandRenewed, name));
                    return () => lease.DetachAsync().AsTask();
                }

            case UserCall.Attach:
                {
                    var lease = (IFencedLease)await AtOnceAsync(coordinator.AcquireAsync(Primitive.HandRenewed, name));
                    var ticket = await AtOnceAsync(lease.DetachAsync());
                    return () => coordinator.CreateLock(name).AttachAsync(ticket).AsTask();
                }

            case UserCall.DisposeCoordinator:
                await AtOnceAsync(coordinator.AcquireAsync(Primitive.Lock, name));
                return () => coordinator.DisposeAsync().AsTask();
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call, null);
        }
    }

    private async Task HappenAsync(Fault fault, Client client)
    {
        switch (fault)
        {
            case Fault.Silence:
                client.Connection.Cut();
                break;
            case Fault.Freeze:
                await Server.FreezeAsync();
                break;
            default:
                await Server.KillAsync();
                break;
        }
    }
}
