namespace Coordination.ZooKeeper.Client;

/// <content>A create that survives a lost reply.</content>
public sealed partial class ZooKeeperClient
{
    /// <summary>
    /// Makes a node exactly once, also when the connection is lost before the reply: an id of its own in front of its name finds it again.
    /// </summary>
    /// <remarks>
    /// One round trip, and after a lost connection two more at least: a majority agrees to a check of the parent, and the parent is listed. An ephemeral node that belongs to a session
    /// that has ended is deleted and made anew. The parent must permit to list its children and to delete them.
    /// </remarks>
    /// <param name="path">Its path without the id; of a sequential one, what its number is put behind.</param>
    /// <param name="data">Its data.</param>
    /// <param name="mode">How it ends.</param>
    /// <param name="acl">Its ACL; <see langword="null"/> for <see cref="ZooKeeperClientOptions.Acl"/>.</param>
    /// <param name="timeToLive">For the two modes with a TTL, and only for them.</param>
    /// <param name="cancellationToken">Ends the wait. A node that was made all the same is deleted in the background, while the session lives.</param>
    /// <returns>The path that it got, whose last name is <c>id-name</c>, with a number if it is sequential; and what ZooKeeper knows of it.</returns>
    /// <exception cref="ArgumentException">As for <see cref="CreateAsync"/>.</exception>
    /// <exception cref="ZooKeeperException">As for <see cref="CreateAsync"/>, but not because of a lost connection.</exception>
    public Task<(string Path, ZooKeeperStat Stat)> CreateProtectedAsync(
        string path,
        ReadOnlyMemory<byte> data = default,
        ZooKeeperCreateMode mode = ZooKeeperCreateMode.Persistent,
        IReadOnlyList<ZooKeeperAcl>? acl = null,
        TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default)
    {
        ZooKeeperRequests.CheckCreate(path, mode, timeToLive);
        var parent = ZooKeeperPath.Parent(path);
        var prefix = $"{Guid.NewGuid():N}-{path[(path.LastIndexOf('/') + 1)..]}";
        return CreateProtectedAsync(parent, prefix, data, mode, acl, timeToLive, cancellationToken);
    }

    private async Task<(string Path, ZooKeeperStat Stat)> CreateProtectedAsync(
        string parent,
        string prefix,
        ReadOnlyMemory<byte> data,
        ZooKeeperCreateMode mode,
        IReadOnlyList<ZooKeeperAcl>? acl,
        TimeSpan? timeToLive,
        CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    return await CreateAsync(ZooKeeperPath.Child(parent, prefix), data, mode, acl, timeToLive, cancellationToken).ConfigureAwait(false);
                }
                catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.ConnectionLoss)
                {
                    if (await FindAsync(parent, prefix, mode, cancellationToken).ConfigureAwait(false) is { } found)
                    {
                        return found;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            _ = DeleteAbandonedAsync(parent, prefix);
            throw;
        }
    }

    // The node, if it was made and is this session's.
    private async Task<(string Path, ZooKeeperStat Stat)?> FindAsync(string parent, string prefix, ZooKeeperCreateMode mode, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await ListAsync(parent, prefix, cancellationToken).ConfigureAwait(false) is not { } path ||
                    await ExistsAsync(path, watch: null, cancellationToken).ConfigureAwait(false) is not { } stat)
                {
                    return null;
                }

                if (mode is not (ZooKeeperCreateMode.Ephemeral or ZooKeeperCreateMode.EphemeralSequential) || stat.EphemeralOwner == SessionId)
                {
                    return (path, stat);
                }

                // It would vanish with the old session at any moment.
                await DeleteAsync(path, version: -1, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
            {
                return null;
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.ConnectionLoss)
            {
                // Ask the next server.
            }
        }
    }

    private async Task DeleteAbandonedAsync(string parent, string prefix)
    {
        while (true)
        {
            try
            {
                if (await ListAsync(parent, prefix, CancellationToken.None).ConfigureAwait(false) is { } path)
                {
                    await DeleteAsync(path).ConfigureAwait(false);
                }

                return;
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.ConnectionLoss)
            {
                // Ask the next server.
            }
            catch (Exception exception) when (exception is ZooKeeperException or ObjectDisposedException)
            {
                ZooKeeperClientLog.NotDeleted(_logger, ZooKeeperPath.Child(parent, prefix), exception.Message);
                return;
            }
        }
    }

    private async Task<string?> ListAsync(string parent, string prefix, CancellationToken cancellationToken)
    {
        var names = await ListAgreedAsync(parent, cancellationToken).ConfigureAwait(false);
        return names.FirstOrDefault(name => name.StartsWith(prefix, StringComparison.Ordinal)) is { } name ? ZooKeeperPath.Child(parent, name) : null;
    }
}
