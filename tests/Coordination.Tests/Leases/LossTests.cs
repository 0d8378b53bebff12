using System.Runtime.CompilerServices;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>How loss is told.</summary>
public sealed class LossTests : EngineTest
{
    [Fact]
    public async Task A_forgotten_lease_s_holder_has_its_margin_to_stop()
    {
        var (lost, token) = Forget();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!lost.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Time.SettleAsync();
        }

        Assert.True(token.IsCancellationRequested);
        await Time.PassAsync(Seconds(2.9));
        Assert.Null(await Other.CreateLock("x").TryAcquireAsync(Ct));
        await Time.PassAsync(Seconds(0.2));
        await using var next = await Other.CreateLock("x").TryAcquireAsync(Ct);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Reading_the_token_of_a_lost_lease_runs_no_callbacks_and_throws_nothing()
    {
        // Timers that never fire: a starved thread pool. The loss is seen by the one who looks.
        var clock = new StoppedTimers();
        await using var coordinator = new Coordinator(new InMemoryServer(clock).CreateBackend(), timeProvider: clock);
        var lease = await coordinator.CreateLock("x").AcquireAsync(Ct);
        var thread = Environment.CurrentManagedThreadId;
        var ranHere = false;
        var reading = true;
        lease.Lost.Register(() =>
        {
            ranHere = reading && Environment.CurrentManagedThreadId == thread;
            throw new InvalidOperationException("a user's bug");
        });
        clock.Now += Life;

        Assert.True(lease.Lost.IsCancellationRequested);
        reading = false;

        Assert.False(ranHere);
        await lease.DisposeAsync();
    }

    [Fact]
    public async Task A_grant_that_is_lost_before_it_is_handed_out_is_no_loss_of_a_lease()
    {
        Options.SafetyMargin = TimeSpan.Zero;
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        var never = new TaskCompletionSource();
        Connection.OnRequest = request => request.Operation == InMemoryOperation.Renew ? InMemoryFault.DelayReply(never.Task) : null;
        await Time.PassAsync(Seconds(12));

        // Little is left of it, so that it is renewed before it is handed out.
        var acquire = Coordinator.CreateLock("y", new LeaseOptions { SafetyMargin = Duration / 2 }).AcquireAsync(Ct).AsTask();
        await Time.SettleAsync();
        Assert.Single((await Other.InspectAsync("y", Ct)).Holders);
        Assert.False(acquire.IsCompleted);
        Server.ExpireSessions();
        await EndsWithinAsync(acquire, Seconds(20));

        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.Equal(LeaseState.Held, (await acquire).State);
        Assert.Equal(1, Coordinator.Engine.Losses.CountSince(TimeSpan.Zero));
        await (await acquire).DisposeAsync();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (Task Lost, CancellationToken Token) Forget()
    {
        var lost = new TaskCompletionSource();
        var lease = Coordinator.CreateLock("x").TryAcquireAsync(TimeSpan.Zero).AsTask().GetAwaiter().GetResult();
        var token = lease!.Lost;
        token.Register(lost.SetResult);
        return (lost.Task, token);
    }

    private sealed class StoppedTimers : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Stopped();

        private sealed class Stopped : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
