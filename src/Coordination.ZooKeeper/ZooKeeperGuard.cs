using Coordination.Backends;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>Makes writes to the same ZooKeeper conditional on a lease.</summary>
public static class ZooKeeperGuard
{
    /// <summary>
    /// An operation that succeeds as long as the lease is held at the servers: put it first into a multi of your own, and its writes are done only if nobody else can have got the lease.
    /// Nothing is sent.
    /// </summary>
    /// <remarks>
    /// It checks that the claim's node is there; a node has its name only once. The multi may be sent over any connection whose connection string has the same chroot as the backend's. Users of other
    /// clients take the <see cref="ZooKeeperOperation.Path"/>.
    /// </remarks>
    /// <param name="lease">A lease of a coordinator on the ZooKeeper backend: of a lock, an election or a semaphore.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="ArgumentException">It is a lease of another backend.</exception>
    /// <example>
    /// <code>
    /// await zooKeeper.MultiAsync([lease.ToZooKeeperCheck(), ZooKeeperOperation.SetData("/accounts/7", data)], cancellationToken);
    /// </code>
    /// </example>
    public static ZooKeeperOperation ToZooKeeperCheck(this ILease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return lease is IBackendLease { Session: ZooKeeperSession session } held
            ? ZooKeeperOperation.Check(session.PathOf(held.Claim))
            : throw new ArgumentException($"The lease on '{lease.Name}' is not one of the ZooKeeper backend, so no multi of ZooKeeper can depend on it.", nameof(lease));
    }
}
