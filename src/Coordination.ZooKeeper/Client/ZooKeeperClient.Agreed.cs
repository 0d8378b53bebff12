namespace Coordination.ZooKeeper.Client;

/// <content>What takes a majority. A leader confirms a sync by itself, also one that stood still while another was elected, for as long as it has not noticed.</content>
public sealed partial class ZooKeeperClient
{
    /// <summary>
    /// Changes nothing, but a majority agrees to it as to a write: no other leader had been elected when it was sent. Reads behind it see all that was done before, as those behind a sync do.
    /// </summary>
    /// <param name="path">A node. If it is not there, or may not be read, that is agreed upon as well.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ZooKeeperException">It was not agreed upon.</exception>
    internal async Task AgreeAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await MultiAsync([ZooKeeperOperation.Check(path)], cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException exception) when (exception is { ErrorCode: ZooKeeperErrorCode.NoNode or ZooKeeperErrorCode.NoAuth, FailedOperation: 0 })
        {
            // The check failed, for all servers.
        }
    }

    /// <summary>Lists the children of a node: what is missing in the list was not there when this was sent, whatever server answers. Two requests in one write.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Their names, in no order.</returns>
    /// <exception cref="ZooKeeperException">Among others: it does not exist.</exception>
    internal Task<IReadOnlyList<string>> ListAgreedAsync(string path, CancellationToken cancellationToken) =>
        BehindAgreementAsync(path, NamesAsync, cancellationToken);

    /// <summary>Reads a node as it was when this was sent, or later. Two requests in one write.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its data, and what ZooKeeper knows of it.</returns>
    /// <exception cref="ZooKeeperException">Among others: it does not exist.</exception>
    internal Task<(byte[] Data, ZooKeeperStat Stat)> GetAgreedDataAsync(string path, CancellationToken cancellationToken) =>
        BehindAgreementAsync(path, (node, token) => GetDataAsync(node, watch: null, token), cancellationToken);

    private async Task<IReadOnlyList<string>> NamesAsync(string path, CancellationToken cancellationToken) =>
        (await GetChildrenAsync(path, watch: null, cancellationToken).ConfigureAwait(false)).Names;

    private async Task<T> BehindAgreementAsync<T>(string path, Func<string, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var agreed = AgreeAsync(path, cancellationToken);
        var reading = read(path, cancellationToken);
        try
        {
            await agreed.ConfigureAwait(false);
        }
        catch
        {
            // Of two faults the first counts: the other says nothing without it.
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await reading.ConfigureAwait(false);
    }
}
