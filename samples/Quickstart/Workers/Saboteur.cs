using System.Runtime.CompilerServices;
using Coordination;

namespace Quickstart;

/// <summary>
/// A coordinator that coordinates nothing: every claim is granted at once, whoever else holds. With --sabotage one worker gets it,
/// to show that the referee notices.
/// </summary>
internal sealed class Saboteur(string holder) : ICoordinator
{
    public IDistributedLock CreateLock(string name, LeaseOptions? options = null) => new Anyone(name, 1, holder);

    public IDistributedSemaphore CreateSemaphore(string name, int maxCount, LeaseOptions? options = null) =>
        new Anyone(name, maxCount, holder);

    public ILeaderElection CreateLeaderElection(string name, LeaseOptions? options = null) => new Anyone(name, 1, holder);

    public IDistributedReaderWriterLock CreateReaderWriterLock(string name, LeaseOptions? options = null) => throw new NotSupportedException();

    public ValueTask<ResourceStatus> InspectAsync(string name, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new ResourceStatus(name, [], []));

    private sealed class Anyone(string name, int maxCount, string holder) : IDistributedLock, IDistributedSemaphore, ILeaderElection
    {
        public string Name => name;

        public int MaxCount => maxCount;

        public string Candidate => holder;

        public ValueTask<IFencedLease> AcquireAsync(CancellationToken cancellationToken = default) => new(new Nothing(name));

        public ValueTask<IFencedLease?> TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken = default) => new(new Nothing(name));

        ValueTask<ILease> IDistributedSemaphore.AcquireAsync(CancellationToken cancellationToken) => new(new Nothing(name));

        ValueTask<ILease?> IDistributedSemaphore.TryAcquireAsync(TimeSpan timeout, CancellationToken cancellationToken) => new(new Nothing(name));

        public ValueTask<ILeadership> CampaignAsync(string value, CancellationToken cancellationToken = default) => new(new Nothing(name));

        public ValueTask<Leader?> GetLeaderAsync(CancellationToken cancellationToken = default) => new((Leader?)null);

        public async IAsyncEnumerable<Leader?> ObserveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            yield break;
        }

        ValueTask<IFencedLease> IDistributedLock.AttachAsync(string ticket, CancellationToken cancellationToken) => throw new NotSupportedException();

        ValueTask<ILeadership> ILeaderElection.AttachAsync(string ticket, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Nothing(string name) : ILeadership
    {
        public string Name => name;

        public LeaseState State => LeaseState.Held;

        public CancellationToken Lost => CancellationToken.None;

        public TimeSpan Remaining => TimeSpan.MaxValue;

        // Always the same: a fenced store would refuse the second write.
        public FencingToken FencingToken => new(1);

        public ValueTask RenewAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask ReleaseAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask ProclaimAsync(string value, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask<string> DetachAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
