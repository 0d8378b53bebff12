using System.Runtime.CompilerServices;
using Coordination.InMemory;

namespace Coordination.Tests.Leases;

/// <summary>The end of a coordinator, and of callers who go away.</summary>
public sealed class DisposalTests : EngineTest
{
    [Fact]
    public async Task Disposal_survives_whatever_a_driver_throws_and_disposes_the_backend()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        Backend.EndFault = new InvalidOperationException("a driver's bug");

        await Coordinator.DisposeAsync();

        Assert.True(Backend.IsDisposed);
    }

    [Fact]
    public async Task A_second_disposal_waits_for_the_first()
    {
        await using var lease = await Coordinator.CreateLock("x").AcquireAsync(Ct);
        var reply = new TaskCompletionSource();
        Connection.OnRequest = _ => InMemoryFault.DelayReply(reply.Task);
        var first = Coordinator.DisposeAsync().AsTask();
        var second = Coordinator.DisposeAsync().AsTask();
        await Time.SettleAsync();
        Assert.False(second.IsCompleted);

        reply.SetResult();

        await first;
        await second;
    }

    [Fact]
    public async Task A_session_whose_opening_fails_after_its_callers_have_gone_is_no_unobserved_error()
    {
        var unobserved = new List<Exception>();
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.ToString().Contains("OpenSession", StringComparison.Ordinal))
            {
                lock (unobserved)
                {
                    unobserved.Add(e.Exception);
                }
            }
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await CancelDuringOpeningAsync();
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                await Time.SettleAsync();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.Empty(unobserved);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task CancelDuringOpeningAsync()
    {
        using var cancellation = new CancellationTokenSource();
        Connection.OnRequest = static _ => InMemoryFault.DropRequest;
        var call = Coordinator.CreateLock("x").AcquireAsync(cancellation.Token).AsTask();
        await Time.SettleAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Connection.Disconnect();
        await Time.PassAsync(Seconds(6));
        Connection.OnRequest = null;
        Connection.Reconnect();

        // On a machine that ran late the failure of the opening may be met here, and be waited out: only time that passes ends that.
        await using var lease = await Time.WithinAsync(Coordinator.CreateLock("y").AcquireAsync(Ct).AsTask(), Seconds(10), "a lease after the outage");
    }
}
