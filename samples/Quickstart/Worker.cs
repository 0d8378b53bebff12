using Coordination;

namespace Quickstart;

/// <summary>
/// One worker of the application: takes turns at a lock, uses one of two permits, and stands for leader. It knows nothing of servers
/// or processes; whoever makes it gives it a coordinator.
/// </summary>
internal sealed class Worker(string name, ICoordinator coordinator, Action<WorkerEvent> tell)
{
    private readonly IDistributedLock _lock = coordinator.CreateLock(Setting.Lock);
    private readonly IDistributedSemaphore _semaphore = coordinator.CreateSemaphore(Setting.Semaphore, Setting.MaxPermits);
    private readonly ILeaderElection _election = coordinator.CreateLeaderElection(Setting.Election);
    private volatile CancellationTokenSource? _term;

    /// <summary>Works until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Tell(EventKind.Started);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(RepeatAsync(TakeTurnAsync, end), RepeatAsync(UsePermitAsync, end), RepeatAsync(LeadAsync, end));
    }

    /// <summary>Steps down, if this worker leads.</summary>
    public void Resign() => _term?.Cancel();

    private async Task TakeTurnAsync(CancellationToken stop)
    {
        await using (var lease = await _lock.AcquireAsync(stop))
        {
            await WorkAsync(Setting.Lock, lease, lease.FencingToken, TimeSpan.FromMilliseconds(Random.Shared.Next(20, 60)), stop);
        }

        await Task.Delay(Random.Shared.Next(10, 40), stop);
    }

    private async Task UsePermitAsync(CancellationToken stop)
    {
        await using (var permit = await _semaphore.AcquireAsync(stop))
        {
            await WorkAsync(Setting.Semaphore, permit, token: null, TimeSpan.FromMilliseconds(Random.Shared.Next(60, 180)), stop);
        }

        await Task.Delay(Random.Shared.Next(10, 40), stop);
    }

    private async Task LeadAsync(CancellationToken stop)
    {
        await using var leadership = await _election.CampaignAsync(name, stop);
        using var term = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _term = term;
        await WorkAsync(Setting.Election, leadership, leadership.FencingToken, Timeout.InfiniteTimeSpan, term.Token);
        _term = null;
    }

    /// <summary>The work done under a lease. A real application would send the token with every write.</summary>
    private async Task WorkAsync(string resource, ILease lease, FencingToken? token, TimeSpan duration, CancellationToken stop)
    {
        using var stopOrLost = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
        Tell(EventKind.Entered, resource, token);
        try
        {
            await Task.Delay(duration, stopOrLost.Token);
        }
        catch (OperationCanceledException)
        {
            // Told to stop, or the lease is lost: either way, leave now.
        }

        Tell(lease.State == LeaseState.Lost ? EventKind.Lost : EventKind.Left, resource);
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> step, CancellationTokenSource end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await step(end.Token);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
            }
            catch (CoordinationException exception) when (exception.IsTransient)
            {
                // The server is out of reach: the library has tried for as long as it was allowed to. Try again, unhurriedly.
                Tell(EventKind.Trouble, exception.Message);
                await Task.Delay(500, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch
            {
                // A wrong password, a server that cannot do this, a fault of ours: trying again would not help, so all ends.
                await end.CancelAsync();
                throw;
            }
        }
    }

    private void Tell(EventKind kind, string detail = "-", FencingToken? token = null) => tell(WorkerEvent.Now(name, kind, detail, token));
}
