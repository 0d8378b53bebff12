using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>One connection of a process to the server under test, and what can go wrong on the way.</summary>
public abstract class BackendConnection : IAsyncDisposable
{
    /// <summary>The backend under test on this connection. Whoever uses it disposes it: a coordinator does.</summary>
    public abstract ICoordinationBackend Backend { get; }

    /// <summary>
    /// The network falls silent, both ways: nothing is refused, nothing arrives. What is under way is kept, as TCP keeps it, and
    /// arrives after <see cref="Restore"/>.
    /// </summary>
    public abstract void Cut();

    /// <summary>The network is back.</summary>
    public abstract void Restore();

    /// <summary>The connection breaks loudly (a reset); the driver may connect again at once.</summary>
    public abstract ValueTask BreakAsync();

    /// <summary>
    /// The next request that concerns a resource reaches the server and is applied; then the connection breaks before the reply
    /// has come back.
    /// </summary>
    /// <returns>Completes when the reply was dropped.</returns>
    public abstract Task LoseNextReplyAsync(string resource);

    /// <summary>The next claim of a resource is sent twice: its copy, of the same session, comes when the test says so. Nobody hears its answer.</summary>
    /// <returns>
    /// Brings the copy. <see langword="null"/> where none can be that late: what a broken connection leaves behind is refused for the session's sake (etcd, ZooKeeper), or a copy by another
    /// session is as good, as sessions are nothing but their claims (Redis).
    /// </returns>
    public virtual Func<Task>? CopyNextClaim(string resource) => null;

    public abstract ValueTask DisposeAsync();
}
