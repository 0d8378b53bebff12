using Coordination.Torture.Recording;

namespace Coordination.Torture;

/// <summary>One way to ask for a lease of any kind.</summary>
internal sealed class Acquirement(Caller caller, ICoordinator coordinator, WorkloadSettings settings, TimeProvider time, Random random)
{
    /// <summary>Asks for a lease, and gives up where the worker wants to.</summary>
    public async Task<ILease?> RunAsync(string id, Take take)
    {
        var patience = random.NextDouble() * random.NextDouble() * settings.LeaseDuration * 2;
        switch (take.Way)
        {
            case TakeWay.Wait:
                return await caller.CallAsync(id, Operation.Acquire, take, null, () => AcquireAsync(id, take, CancellationToken.None));
            case TakeWay.WaitAndGiveUp:
                return await WaitAndGiveUpAsync(id, take, patience);
            default:
                var timeout = take.Way == TakeWay.TryOnce ? TimeSpan.Zero : patience;

                // A claim that is lost while it waits is made anew, in the time that a new call would get.
                var budget = timeout + settings.OperationTimeout + Caller.Farewell;
                return await caller.CallAsync(id, Operation.TryAcquire, take, budget, () => TryAsync(id, take, timeout));
        }
    }

    public Task<ILease?> AttachAsync(string id, Take take, string ticket) =>
        caller.CallAsync(id, Operation.Attach, take, settings.OperationTimeout + Caller.Farewell, async () =>
            take.Resource.Kind == ResourceKind.Election
                ? (ILease?)await coordinator.CreateLeaderElection(take.Resource.Name, Options(id, take)).AttachAsync(ticket)
                : await Lock(id, take)!.AttachAsync(ticket));

    // The call begins first: a client that is killed at the wrong moment would have given up what it never began.
    private Task<ILease?> WaitAndGiveUpAsync(string id, Take take, TimeSpan patience) => caller.CallAsync(id, Operation.Acquire, take, null, async () =>
    {
        using var giveUp = new CancellationTokenSource(patience, time);
        await using var told = giveUp.Token.Register(() => caller.Recorder.Record(new CallCancelled(caller.Recorder.Now, id)));
        return await AcquireAsync(id, take, giveUp.Token);
    });

    private async Task<ILease?> AcquireAsync(string id, Take take, CancellationToken cancellationToken) => take.Resource.Kind switch
    {
        ResourceKind.Semaphore => await coordinator.CreateSemaphore(take.Resource.Name, take.Resource.Limit, Options(id, take)).AcquireAsync(cancellationToken),
        ResourceKind.Election => await coordinator.CreateLeaderElection(take.Resource.Name, Options(id, take)).CampaignAsync(id, cancellationToken),
        _ => await Lock(id, take)!.AcquireAsync(cancellationToken),
    };

    private async Task<ILease?> TryAsync(string id, Take take, TimeSpan timeout) => take.Resource.Kind == ResourceKind.Semaphore
        ? await coordinator.CreateSemaphore(take.Resource.Name, take.Resource.Limit, Options(id, take)).TryAcquireAsync(timeout)
        : await Lock(id, take)!.TryAcquireAsync(timeout);

    private IDistributedLock? Lock(string id, Take take) => (take.Resource.Kind, take.Mode) switch
    {
        (ResourceKind.Lock, _) => coordinator.CreateLock(take.Resource.Name, Options(id, take)),
        (ResourceKind.ReaderWriter, ClaimMode.Shared) => coordinator.CreateReaderWriterLock(take.Resource.Name, Options(id, take)).ReadLock,
        (ResourceKind.ReaderWriter, _) => coordinator.CreateReaderWriterLock(take.Resource.Name, Options(id, take)).WriteLock,
        _ => null,
    };

    // The call's id is the claim's value: queues then show whose claims they have.
    private static LeaseOptions Options(string id, Take take) => new() { Holder = id, AutoRenew = !take.IsHandRenewed };
}
