namespace Coordination.ZooKeeper.Client;

/// <content>The requests, one round trip each.</content>
public sealed partial class ZooKeeperClient
{
    /// <summary>Makes a node.</summary>
    /// <param name="path">Its path; of a sequential one, what its number is put behind. The parent must exist.</param>
    /// <param name="data">Its data.</param>
    /// <param name="mode">How it ends.</param>
    /// <param name="acl">Its ACL; <see langword="null"/> for <see cref="ZooKeeperClientOptions.Acl"/>.</param>
    /// <param name="timeToLive">For the two modes with a TTL, and only for them: 1 millisecond to about 35 years.</param>
    /// <param name="cancellationToken">Ends the wait; the node may be made all the same.</param>
    /// <returns>The path that it got, and what ZooKeeper knows of it.</returns>
    /// <exception cref="ArgumentException">The path is not allowed, mode and <paramref name="timeToLive"/> do not fit, or the request is longer than a server takes.</exception>
    /// <exception cref="ZooKeeperException">Among others: the node exists, or its parent does not.</exception>
    public Task<(string Path, ZooKeeperStat Stat)> CreateAsync(
        string path,
        ReadOnlyMemory<byte> data = default,
        ZooKeeperCreateMode mode = ZooKeeperCreateMode.Persistent,
        IReadOnlyList<ZooKeeperAcl>? acl = null,
        TimeSpan? timeToLive = null,
        CancellationToken cancellationToken = default)
    {
        var type = ZooKeeperRequests.CheckCreate(path, mode, timeToLive);
        var request = new ZooKeeperRequest<(string, ZooKeeperStat)>(type, path, ZooKeeperRequests.ReadCreated);
        ZooKeeperRequests.WriteCreate(request.Frame, _session.Chroot.ToServer(path), data.Span, mode, acl ?? _options.Acl, timeToLive);
        return Send(request, cancellationToken);
    }

    /// <summary>Deletes a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="version">The version that it must have; -1 for any.</param>
    /// <param name="cancellationToken">Ends the wait; the node may be deleted all the same.</param>
    /// <returns>A task that ends when it is deleted.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="ZooKeeperException">Among others: it does not exist, it has children, or another version.</exception>
    public Task DeleteAsync(string path, int version = -1, CancellationToken cancellationToken = default)
    {
        var request = Begin(ZooKeeperOpCode.Delete, path, ZooKeeperRequests.ReadNothing);
        ZooKeeperRequests.WriteVersioned(request.Frame, _session.Chroot.ToServer(path), version);
        return Send(request, cancellationToken);
    }

    /// <summary>Asks whether a node exists.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="watch">
    /// Called once, when the node is created or deleted or its data changes, or with <see cref="ZooKeeperEventType.LookAgain"/>; see <see cref="AddWatchAsync"/> for how.
    /// <see langword="null"/> for none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What ZooKeeper knows of it; <see langword="null"/> when it does not exist.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="InvalidOperationException">A persistent watch is set on this path.</exception>
    /// <exception cref="ZooKeeperException">The request failed.</exception>
    public Task<ZooKeeperStat?> ExistsAsync(string path, Action<ZooKeeperEvent>? watch = null, CancellationToken cancellationToken = default)
    {
        ZooKeeperPath.Validate(path);
        var request = new ZooKeeperRequest<ZooKeeperStat?>(ZooKeeperOpCode.Exists, path, ZooKeeperRequests.ReadExists)
        {
            AllowsNoNode = true,
            Replied = Once(path, ZooKeeperWatchKind.Node, watch, alsoWithoutNode: true),
        };
        ZooKeeperRequests.WriteWatched(request.Frame, _session.Chroot.ToServer(path), watch is not null);
        return Send(request, cancellationToken);
    }

    /// <summary>Reads the data of a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="watch">
    /// Called once, when the node is deleted or its data changes, or with <see cref="ZooKeeperEventType.LookAgain"/>; see <see cref="AddWatchAsync"/> for how. Not set when the
    /// node does not exist. <see langword="null"/> for none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The data, and what ZooKeeper knows of the node.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="InvalidOperationException">A persistent watch is set on this path.</exception>
    /// <exception cref="ZooKeeperException">Among others: it does not exist.</exception>
    public Task<(byte[] Data, ZooKeeperStat Stat)> GetDataAsync(string path, Action<ZooKeeperEvent>? watch = null, CancellationToken cancellationToken = default)
    {
        var request = Begin(ZooKeeperOpCode.GetData, path, ZooKeeperRequests.ReadData, Once(path, ZooKeeperWatchKind.Node, watch));
        ZooKeeperRequests.WriteWatched(request.Frame, _session.Chroot.ToServer(path), watch is not null);
        return Send(request, cancellationToken);
    }

    /// <summary>Changes the data of a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="data">The new data.</param>
    /// <param name="version">The version that it must have; -1 for any.</param>
    /// <param name="cancellationToken">Ends the wait; the data may be changed all the same.</param>
    /// <returns>What ZooKeeper then knows of it.</returns>
    /// <exception cref="ArgumentException">The path is not allowed, or the request is longer than a server takes.</exception>
    /// <exception cref="ZooKeeperException">Among others: it does not exist, or has another version.</exception>
    public Task<ZooKeeperStat> SetDataAsync(string path, ReadOnlyMemory<byte> data, int version = -1, CancellationToken cancellationToken = default)
    {
        var request = Begin(ZooKeeperOpCode.SetData, path, ZooKeeperRequests.ReadStat);
        ZooKeeperRequests.WriteSetData(request.Frame, _session.Chroot.ToServer(path), data.Span, version);
        return Send(request, cancellationToken);
    }

    /// <summary>Lists the children of a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="watch">
    /// Called once, when a child is created or deleted or the node itself is deleted, or with <see cref="ZooKeeperEventType.LookAgain"/>; see <see cref="AddWatchAsync"/> for how.
    /// <see langword="null"/> for none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Their names, in no order, and what ZooKeeper knows of the node.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="InvalidOperationException">A persistent watch is set on this path.</exception>
    /// <exception cref="ZooKeeperException">Among others: it does not exist.</exception>
    public Task<(IReadOnlyList<string> Names, ZooKeeperStat Stat)> GetChildrenAsync(
        string path, Action<ZooKeeperEvent>? watch = null, CancellationToken cancellationToken = default)
    {
        var request = Begin(ZooKeeperOpCode.GetChildren2, path, ZooKeeperRequests.ReadChildren, Once(path, ZooKeeperWatchKind.Children, watch));
        ZooKeeperRequests.WriteWatched(request.Frame, _session.Chroot.ToServer(path), watch is not null);
        return Send(request, cancellationToken);
    }

    /// <summary>
    /// Brings the server up to the leader: reads that follow on this client see all that was done before. It also proves, as no ping does, that the way to the leader is open. Not that it leads still: a leader answers this by itself
    /// (ZOOKEEPER-1675), as it does not a <see cref="MultiAsync"/>.
    /// </summary>
    /// <param name="path">Any path; it need not exist.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is done.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="ZooKeeperException">The request failed.</exception>
    public Task SyncAsync(string path = "/", CancellationToken cancellationToken = default)
    {
        var request = Begin(ZooKeeperOpCode.Sync, path, ZooKeeperRequests.ReadPath);
        request.Frame.WriteString(_session.Chroot.ToServer(path));
        return Send(request, cancellationToken);
    }

    /// <summary>Does several operations, all or none.</summary>
    /// <param name="operations">The operations. At least one.</param>
    /// <param name="cancellationToken">Ends the wait; they may be done all the same.</param>
    /// <returns>What each has done, in their order.</returns>
    /// <exception cref="ArgumentException">There are none, or the request is longer than a server takes.</exception>
    /// <exception cref="ZooKeeperException">
    /// None was done; <see cref="ZooKeeperException.FailedOperation"/> says which one failed, and <see cref="ZooKeeperException.ErrorCode"/> with what.
    /// </exception>
    public Task<IReadOnlyList<ZooKeeperOperationResult>> MultiAsync(IReadOnlyList<ZooKeeperOperation> operations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentOutOfRangeException.ThrowIfZero(operations.Count, nameof(operations));
        ZooKeeperOperation[] copy = [.. operations];
        var request = new ZooKeeperRequest<IReadOnlyList<ZooKeeperOperationResult>>(
            ZooKeeperOpCode.Multi, null, (ref reader, chroot) => ZooKeeperRequests.ReadMulti(ref reader, chroot, copy));
        ZooKeeperRequests.WriteMulti(request.Frame, copy, _session.Chroot, _options.Acl);
        return Send(request, cancellationToken);
    }

    /// <summary>Reads the ACL of a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The ACL, and what ZooKeeper knows of the node.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="ZooKeeperException">Among others: it does not exist.</exception>
    public Task<(IReadOnlyList<ZooKeeperAcl> Acl, ZooKeeperStat Stat)> GetAclAsync(string path, CancellationToken cancellationToken = default)
    {
        var request = Begin(ZooKeeperOpCode.GetAcl, path, ZooKeeperRequests.ReadAcl);
        request.Frame.WriteString(_session.Chroot.ToServer(path));
        return Send(request, cancellationToken);
    }

    /// <summary>Changes the ACL of a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="acl">The new ACL.</param>
    /// <param name="version">The version that the ACL must have; -1 for any.</param>
    /// <param name="cancellationToken">Ends the wait; the ACL may be changed all the same.</param>
    /// <returns>What ZooKeeper then knows of the node.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="ZooKeeperException">Among others: it does not exist, or its ACL has another version.</exception>
    public Task<ZooKeeperStat> SetAclAsync(string path, IReadOnlyList<ZooKeeperAcl> acl, int version = -1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(acl);
        var request = Begin(ZooKeeperOpCode.SetAcl, path, ZooKeeperRequests.ReadStat);
        ZooKeeperRequests.WriteSetAcl(request.Frame, _session.Chroot.ToServer(path), acl, version);
        return Send(request, cancellationToken);
    }

    /// <summary>Asks who the server takes this client for. Servers since 3.7.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The schemes and the names in them.</returns>
    /// <exception cref="ZooKeeperException">The request failed.</exception>
    public Task<IReadOnlyList<(string Scheme, string User)>> WhoAmIAsync(CancellationToken cancellationToken = default) =>
        Send(new ZooKeeperRequest<IReadOnlyList<(string, string)>>(ZooKeeperOpCode.WhoAmI, null, ZooKeeperRequests.ReadIdentities), cancellationToken);

    private static ZooKeeperRequest<T> Begin<T>(ZooKeeperOpCode type, string path, ReplyReader<T> read, Action<ZooKeeperErrorCode>? replied = null)
    {
        ZooKeeperPath.Validate(path);
        return new ZooKeeperRequest<T>(type, path, read) { Replied = replied };
    }

    private Action<ZooKeeperErrorCode>? Once(string path, ZooKeeperWatchKind kind, Action<ZooKeeperEvent>? watch, bool alsoWithoutNode = false)
    {
        if (watch is null)
        {
            return null;
        }

        _session.Watches.CheckOnce(path);
        return code =>
        {
            if (code == ZooKeeperErrorCode.Ok || (alsoWithoutNode && code == ZooKeeperErrorCode.NoNode))
            {
                _session.Watches.AddOnce(path, kind, watch);
            }
        };
    }
}
