using System.Runtime.CompilerServices;

namespace Coordination.Conformance;

/// <summary>G4: an acquire that timed out, was cancelled or failed leaves no claim behind, or one that ends within one duration.</summary>
[Trait("Guarantee", "G4")]
public abstract class NothingLeftBehindSuite(BackendFixture fixture) : GuaranteeSuite(fixture)
{
    /// <summary>Where an acquire is when it is cancelled.</summary>
    public enum Step
    {
        SessionRequestUnderWay,
        SessionReplyUnderWay,
        ClaimRequestUnderWay,
        ClaimReplyUnderWay,
    }

    public static TheoryData<Primitive, Step> Steps
    {
        get
        {
            var steps = new TheoryData<Primitive, Step>();
            foreach (var primitive in Enum.GetValues<Primitive>())
            {
                foreach (var step in Enum.GetValues<Step>())
                {
                    steps.Add(primitive, step);
                }
            }

            return steps;
        }
    }

    [CaseTable]
    [MemberData(nameof(Steps))]
    public async Task Cancelled_at_any_step_it_leaves_nothing(Primitive primitive, Step step)
    {
        var client = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        var held = Hold(client, step);
        using var cancel = new CancellationTokenSource();
        var pending = client.Coordinator.AcquireAsync(primitive, name, cancel.Token);
        await Time.WithinAsync(held.Arrived, Soon, $"{step}");
        await cancel.CancelAsync();
        var failure = Assert.IsAssignableFrom<OperationCanceledException>(await Time.FailureAsync(pending, Soon, "the cancelled call"));
        Assert.Equal(cancel.Token, failure.CancellationToken);

        held.Open();
        await Time.WithinAsync(held.Completed, Soon, "the held request");
        await EmptyAsync(observer, name, Takeover);
        await AtOnceAsync((await AtOnceAsync(observer.Coordinator.AcquireAsync(primitive, name))).ReleaseAsync());

        // And the client is as good as new.
        await AtOnceAsync((await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, name))).ReleaseAsync());
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_late_claim_does_not_live_on_with_the_shared_session(Primitive primitive)
    {
        // The session has another lease, so it is renewed for ever; the late claim must end all the same.
        var duration = Lasting(2);
        var client = await ClientAsync(duration);
        var observer = await ClientAsync();
        var name = NewName();
        var other = await AtOnceAsync(client.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        var held = client.Faults.HoldNext(Call.Claim);
        using var cancel = new CancellationTokenSource();
        var pending = client.Coordinator.AcquireAsync(primitive, name, cancel.Token);
        await Time.WithinAsync(held.Arrived, Soon, "the claim is under way");
        await cancel.CancelAsync();
        await Time.FailureAsync(pending, Soon, "the cancelled call");
        await Time.PassAsync(Duration / 4); // the release is long done
        held.Open();
        await Time.WithinAsync(held.Completed, Soon, "the late claim");
        await EmptyAsync(observer, name, Takeover + (duration - Duration));
        Assert.Equal(LeaseState.Held, other.State);
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_waiter_cancelled_when_its_grant_is_on_its_way_frees_the_resource(Primitive primitive)
    {
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name));
        using var cancel = new CancellationTokenSource();
        var pending = await QueueUpAsync(waiter, primitive, name, holder, cancel.Token);
        waiter.Faults.Hints = HintFault.Hold;
        await AtOnceAsync(held.ReleaseAsync());
        await cancel.CancelAsync();
        await Time.FailureAsync(pending, Soon, "the cancelled wait");
        waiter.Faults.DeliverHeldHints();
        await EmptyAsync(holder, name, Takeover);
    }

    [Case]
    public async Task Cancelling_at_random_moments_never_loses_the_resource()
    {
        var holder = await ClientAsync(Duration * 3);
        var waiter = await ClientAsync(Duration * 3);
        var name = NewName();
        var random = new Random(4);
        var won = 0;
        for (var round = 0; round < 40; round++)
        {
            var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
            using var cancel = new CancellationTokenSource();
            var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder, cancel.Token);
            var release = held.ReleaseAsync(Cancellation).AsTask();
            for (var spin = random.Next(2_000); spin > 0; spin--)
            {
                Thread.SpinWait(10);
            }

            await cancel.CancelAsync();
            await AtOnceAsync(ReleaseAsync(release));
            if (await Time.FailureAsync(pending, Soon, "the wait") is null)
            {
                won++;
                await AtOnceAsync((await pending).ReleaseAsync());
            }

            await EmptyAsync(holder, name, Soon);
        }

        Assert.InRange(won, 0, 40);

        static async Task<bool> ReleaseAsync(Task release)
        {
            await release;
            return true;
        }
    }

    [CaseTable]
    [MemberData(nameof(Primitives.Tryable), MemberType = typeof(Primitives))]
    public async Task A_try_that_cannot_tell_the_server_ends_there_within_one_duration(Primitive primitive)
    {
        // The claim waits at the server, and the connection falls silent before the time is up.
        var holder = await ClientAsync();
        var waiter = await ClientAsync();
        var name = NewName();
        await using var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitives.Rival(primitive), name, options: new() { Duration = Duration * 20 }));
        var pending = waiter.Coordinator.TryAcquireAsync(primitive, name, Duration / 4);
        await WaitersAsync(holder, name, 1);
        waiter.Connection.Cut();
        var failure = await Time.FailureAsync(pending, (Duration / 4) + Bound, "the end of the try");
        Assert.True(failure is null or CoordinationException { IsTransient: true }, $"{failure}");
        await Time.UntilAsync(
            async () => (await holder.Coordinator.InspectAsync(name, Cancellation)).Waiters.Count == 0, Takeover, "no waiter");
        waiter.Connection.Restore();
        await Time.PassAsync(Duration / 2);
        Assert.Empty((await holder.QueueAsync(name)).Waiters);
    }

    [Case]
    public async Task A_release_that_could_not_be_told_is_told_later()
    {
        // The waiter cancels while the server refuses to listen; its session is shared and lives on. The engine goes on trying.
        var holder = await ClientAsync(Duration * 5);
        var waiter = await ClientAsync(Duration * 5);
        var name = NewName();
        await using var held = await AtOnceAsync(holder.Coordinator.AcquireAsync(Primitive.Lock, name));
        var other = await AtOnceAsync(waiter.Coordinator.AcquireAsync(Primitive.Lock, NewName()));
        using var cancel = new CancellationTokenSource();
        var pending = await QueueUpAsync(waiter, Primitive.Lock, name, holder, cancel.Token);
        for (var refusal = 0; refusal < 3; refusal++)
        {
            waiter.Faults.RefuseNext(Call.Release);
        }

        await cancel.CancelAsync();
        await Time.FailureAsync(pending, Soon, "the cancelled wait");
        await Time.UntilAsync(
            async () => (await holder.Coordinator.InspectAsync(name, Cancellation)).Waiters.Count == 0,
            (Duration * 5) + Server.Granularity + Server.Latency,
            "no waiter");
        Assert.Equal(LeaseState.Held, other.State);
    }

    [Case]
    public async Task An_acquire_that_failed_leaves_nothing()
    {
        // Every reply is lost until the call gives up; what the server applied is taken back.
        var client = await ClientAsync();
        var observer = await ClientAsync();
        var name = NewName();
        for (var index = 0; index < 200; index++)
        {
            client.Faults.LoseReplyOfNext(Call.Claim);
        }

        var failure = await Time.FailureAsync(
            client.Coordinator.TryAcquireAsync(Primitive.Lock, name, TimeSpan.Zero), Bound, "the failure");
        Assert.True(Assert.IsType<CoordinationException>(failure).IsTransient);
        await EmptyAsync(observer, name, Takeover);
    }

    [Case]
    public async Task A_disposed_coordinator_leaves_neither_holders_nor_waiters()
    {
        var leaving = await ClientAsync(Duration * 20);
        var observer = await ClientAsync();
        string[] names = [NewName(), NewName(), NewName()];
        var shared = await AtOnceAsync(leaving.Coordinator.AcquireAsync(Primitive.Lock, names[0]));
        var owned = await AtOnceAsync(leaving.Coordinator.AcquireAsync(Primitive.HandRenewed, names[1]));
        await using var held = await AtOnceAsync(observer.Coordinator.AcquireAsync(Primitive.Lock, names[2]));
        var pending = await QueueUpAsync(leaving, Primitive.Lock, names[2], observer);
        await AtOnceAsync(leaving.Coordinator.DisposeAsync());
        Assert.IsType<ObjectDisposedException>(await Time.FailureAsync(pending, Soon, "the wait"));
        await EmptyAsync(observer, names[0], Soon);
        await EmptyAsync(observer, names[1], Soon);
        await WaitersAsync(observer, names[2], 0);
        Assert.Equal((LeaseState.Lost, LeaseState.Lost), (shared.State, owned.State));
    }

    [CaseTable]
    [MemberData(nameof(Primitives.All), MemberType = typeof(Primitives))]
    public async Task A_forgotten_lease_ends_with_its_coordinator_at_the_latest(Primitive primitive)
    {
        // Its holder has the promised time to stop, and no longer than its coordinator lives.
        var leaving = await ClientAsync(Duration * 20);
        var observer = await ClientAsync();
        var name = NewName();
        await ForgetAsync(leaving, primitive, name);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Time.SettleAsync();
        }

        await AtOnceAsync(leaving.Coordinator.DisposeAsync());
        await EmptyAsync(observer, name, Soon);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task ForgetAsync(Client client, Primitive primitive, string name) =>
        await AtOnceAsync(client.Coordinator.AcquireAsync(primitive, name));

    private static HeldCall Hold(Client client, Step step) => step switch
    {
        Step.SessionRequestUnderWay => client.Faults.HoldNext(Call.OpenSession),
        Step.SessionReplyUnderWay => client.Faults.HoldReplyOfNext(Call.OpenSession),
        Step.ClaimRequestUnderWay => client.Faults.HoldNext(Call.Claim),
        _ => client.Faults.HoldReplyOfNext(Call.Claim),
    };
}
