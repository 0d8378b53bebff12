namespace Coordination.Hosting;

/// <summary>Told by the service's host, asked by the application.</summary>
internal sealed class LeadershipStatus(ILeaderElection election) : ILeadershipStatus
{
    private ILeadership? _leadership;

    public string Name => election.Name;

    public bool IsLeader => Volatile.Read(ref _leadership) is { State: LeaseState.Held };

    public FencingToken? FencingToken => Volatile.Read(ref _leadership) is { State: LeaseState.Held } leadership ? leadership.FencingToken : null;

    public ValueTask<Leader?> GetLeaderAsync(CancellationToken cancellationToken = default) => election.GetLeaderAsync(cancellationToken);

    public IAsyncEnumerable<Leader?> ObserveAsync(CancellationToken cancellationToken = default) => election.ObserveAsync(cancellationToken);

    internal ILeaderElection Election => election;

    internal void Begin(ILeadership leadership) => Volatile.Write(ref _leadership, leadership);

    internal void End() => Volatile.Write(ref _leadership, null);
}
