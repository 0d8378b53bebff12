namespace Coordination.ZooKeeper.Client;

/// <content>Persistent watches.</content>
public sealed partial class ZooKeeperClient
{
    // A watch that is set while the last one of its path is removed must be asked for after that.
    private readonly Lock _watchOrder = new();

    /// <summary>Watches a node, or all below it as well, until the watch is removed. Servers since 3.6.</summary>
    /// <remarks>
    /// <para>
    /// The callback is called for each change, in order, and before any reply that shows the change. It runs on the loop that reads from the server: it must return at once. After
    /// a lost connection, when the watch is back in place, it is called with <see cref="ZooKeeperEventType.LookAgain"/>, since changes may have been missed; likewise when the
    /// session has ended.
    /// </para>
    /// <para>
    /// Several watches on one path must have the same mode, and a path with a persistent watch takes none for one event: servers before 3.9 confuse them. The node need not exist.
    /// </para>
    /// </remarks>
    /// <param name="path">The node.</param>
    /// <param name="mode">What the watch sees.</param>
    /// <param name="changed">Told of each change.</param>
    /// <param name="cancellationToken">Ends the wait, and the watch with it.</param>
    /// <returns>Removes the watch when disposed. A change that comes after this call has returned is told. One round trip, and one to remove it.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    /// <exception cref="InvalidOperationException">A watch of another kind is set on this path.</exception>
    /// <exception cref="ZooKeeperException">The request failed. A lost connection is no failure: the watch is then set on the next.</exception>
    public Task<IAsyncDisposable> AddWatchAsync(
        string path, ZooKeeperWatchMode mode, Action<ZooKeeperEvent> changed, CancellationToken cancellationToken = default)
    {
        ZooKeeperPath.Validate(path);
        ArgumentNullException.ThrowIfNull(changed);
        if (mode is not (ZooKeeperWatchMode.Persistent or ZooKeeperWatchMode.PersistentRecursive))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such mode.");
        }

        var watch = new Watch(this, path, changed);
        Task<bool> requested;
        lock (_watchOrder)
        {
            _session.Watches.AddPersistent(path, mode, watch.Changed);
            requested = RequestWatch(path, mode, cancellationToken);
        }

        return SetAsync(watch, mode, requested, cancellationToken);
    }

    private async Task<IAsyncDisposable> SetAsync(Watch watch, ZooKeeperWatchMode mode, Task<bool> requested, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await requested.ConfigureAwait(false);
                    return watch;
                }
                catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.ConnectionLoss)
                {
                    requested = RequestWatch(watch.Path, mode, cancellationToken);
                }
            }
        }
        catch
        {
            _ = watch.DisposeAsync().AsTask();
            throw;
        }
    }

    private Task<bool> RequestWatch(string path, ZooKeeperWatchMode mode, CancellationToken cancellationToken)
    {
        var request = new ZooKeeperRequest<bool>(ZooKeeperOpCode.AddWatch, path, ZooKeeperRequests.ReadNothing);
        ZooKeeperRequests.WriteAddWatch(request.Frame, _session.Chroot.ToServer(path), mode);
        return Send(request, cancellationToken);
    }

    private async ValueTask RemoveAsync(string path, Action<ZooKeeperEvent> changed)
    {
        var request = new ZooKeeperRequest<bool>(ZooKeeperOpCode.RemoveWatches, path, ZooKeeperRequests.ReadNothing);
        ZooKeeperRequests.WriteRemoveWatches(request.Frame, _session.Chroot.ToServer(path));
        request.Frame.Complete();
        lock (_watchOrder)
        {
            // Without a connection there is nothing to remove: the next one sets only the watches that are there then.
            if (!_session.Watches.RemovePersistent(path, changed) || !_session.TrySend(request))
            {
                request.Frame.Dispose();
                return;
            }
        }

        try
        {
            await request.Task.ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // It was not there, or went with the connection.
        }
    }

    private sealed class Watch : IAsyncDisposable
    {
        private readonly ZooKeeperClient _client;
        private int _disposed;

        public Watch(ZooKeeperClient client, string path, Action<ZooKeeperEvent> changed)
        {
            _client = client;
            Path = path;

            // One of its own, so that the same callback can be given twice.
            Changed = change => changed(change);
        }

        public string Path { get; }

        public Action<ZooKeeperEvent> Changed { get; }

        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _disposed, 1) == 0 ? _client.RemoveAsync(Path, Changed) : ValueTask.CompletedTask;
    }
}
