using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>What a leader cannot confirm by itself, as it confirms a sync: one that stood still while another was elected leads on for a while in its own eyes.</summary>
internal static class ZooKeeperMajority
{
    /// <summary>Changes nothing, but a majority agrees to it as to a write: that it was done shows that no other leader had been elected when it was sent. Reads behind it see all that was done before, as those behind a sync do.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="root">A node that the client may read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ZooKeeperException">It was not agreed upon.</exception>
    public static async Task AgreeAsync(this ZooKeeperClient client, string root, CancellationToken cancellationToken)
    {
        try
        {
            await client.MultiAsync([ZooKeeperOperation.Check(root)], cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException exception) when (exception is { ErrorCode: ZooKeeperErrorCode.NoNode or ZooKeeperErrorCode.NoAuth, FailedOperation: 0 })
        {
            // That the check failed is agreed upon as well.
        }
    }
}
