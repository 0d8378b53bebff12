namespace Coordination.Hosting;

/// <summary>
/// What the rest of the application sees of a leader-elected service: who leads, and whether this process does. In the container under the
/// election's name (<c>[FromKeyedServices("name")] ILeadershipStatus</c>); <c>IEnumerable&lt;ILeadershipStatus&gt;</c> is all of them.
/// </summary>
public interface ILeadershipStatus
{
    /// <summary>The election's name.</summary>
    string Name { get; }

    /// <summary>Whether this process leads at this moment, worked out from the monotonic clock at the call. No round trip.</summary>
    bool IsLeader { get; }

    /// <summary>The token of this process's term, or <see langword="null"/> when <see cref="IsLeader"/> is <see langword="false"/>. No round trip.</summary>
    FencingToken? FencingToken { get; }

    /// <inheritdoc cref="ILeaderElection.GetLeaderAsync"/>
    ValueTask<Leader?> GetLeaderAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ILeaderElection.ObserveAsync"/>
    IAsyncEnumerable<Leader?> ObserveAsync(CancellationToken cancellationToken = default);
}
