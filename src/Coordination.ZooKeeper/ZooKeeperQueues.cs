using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper;

/// <summary>
/// The queues that somebody waits for or observes over one connection, each with one recursive watch that all of them share. The queue is listed once the watch is set; whatever ends or interrupts a
/// watch is followed by a new listing.
/// </summary>
/// <param name="client">The connection.</param>
/// <param name="logger">The log.</param>
internal sealed class ZooKeeperQueues(ZooKeeperClient client, ILogger logger)
{
    // The next waiter of a resource that is fought over comes soon: setting its watch anew each time would cost two requests.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ZooKeeperQueue> _queues = new(StringComparer.Ordinal);
    private ZooKeeperClient _client = client;
    private bool _isOver;

    /// <summary>The copy of a queue, if there is one that is complete.</summary>
    /// <param name="path">The path of the resource's node.</param>
    public ZooKeeperQueue? Complete(string path)
    {
        lock (_gate)
        {
            return _queues.TryGetValue(path, out var queue) && queue.IsRead ? queue : null;
        }
    }

    /// <summary>A claim waits from now on: its session hears of its grant and of its loss. Sends at most what sets the watch.</summary>
    public void Wait(string resource, string path, ZooKeeperWaiter waiter)
    {
        ZooKeeperHints hints;
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            // Added before the listing is asked for: whatever that shows concerns it.
            var queue = Find(resource, path);
            hints = queue.Add(waiter);

            Begin(queue);
        }

        hints.Tell();
    }

    /// <summary>A claim is about to be released.</summary>
    public void Forget(string path, string id)
    {
        ZooKeeperQueue? queue;
        lock (_gate)
        {
            _queues.TryGetValue(path, out queue);
        }

        queue?.Remove(id);
    }

    /// <summary>Watches the holders of a resource.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="path">The path of its node.</param>
    /// <param name="changed">Called after each change of the holders and after each break.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Ends the watch.</returns>
    public async ValueTask<IAsyncDisposable> ObserveAsync(string resource, string path, Action changed, CancellationToken cancellationToken)
    {
        // Two with the same callback are two.
        Action observer = () => changed();
        Task watching;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, typeof(ZooKeeperBackend));
            var queue = Find(resource, path);
            queue.AddObserver(observer);
            watching = Watch(queue);
        }

        try
        {
            await watching.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new Observation(this, path, observer);
        }
        catch
        {
            Unobserve(path, observer);
            throw;
        }
    }

    /// <summary>Goes on over another client, since the one before has ended for good: what is watched is watched there.</summary>
    /// <param name="next">The client, which has begun to connect.</param>
    public void GoOn(ZooKeeperClient next)
    {
        lock (_gate)
        {
            _client = next;
            foreach (var queue in _queues.Values)
            {
                queue.Forget();
                queue.Watch = null;
                queue.Watching = null;
                if (queue.IsNeeded)
                {
                    Begin(queue);
                }
            }
        }
    }

    /// <summary>The connection is lost: what happens now is not told.</summary>
    /// <param name="of">Whose. That of a client that is not used any more is none of theirs.</param>
    public void Disconnected(ZooKeeperClient of)
    {
        lock (_gate)
        {
            if (of == _client)
            {
                foreach (var queue in _queues.Values)
                {
                    queue.Forget();
                }
            }
        }
    }

    /// <summary>Ends the watches that nobody has needed for a while. Called now and then.</summary>
    public void Sweep()
    {
        var now = TimeProvider.System.GetTimestamp();
        lock (_gate)
        {
            foreach (var queue in _queues.Values)
            {
                if (queue.IsNeeded)
                {
                    queue.IdleSince = 0;
                }
                else if (queue.IdleSince == 0)
                {
                    queue.IdleSince = now;
                }
                else if (TimeProvider.System.GetElapsedTime(queue.IdleSince, now) > Linger)
                {
                    Drop(queue);
                }
            }
        }
    }

    /// <summary>Nobody is told of anything any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            foreach (var queue in _queues.Values)
            {
                queue.End();
            }

            _queues.Clear();
        }
    }

    // Under the lock, as are the next three.
    private ZooKeeperQueue Find(string resource, string path)
    {
        if (!_queues.TryGetValue(path, out var queue))
        {
            _queues.Add(path, queue = new ZooKeeperQueue(resource, path));
        }

        queue.IdleSince = 0;
        return queue;
    }

    private void Begin(ZooKeeperQueue queue)
    {
        // Its failure is logged, and renewals make up for it, as an observer's own looks do.
        _ = Watch(queue).ContinueWith(
            static watching => _ = watching.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private Task Watch(ZooKeeperQueue queue)
    {
        if (queue.Watch is not null)
        {
            return Task.CompletedTask;
        }

        return queue.Watching is { IsCompleted: false } watching ? watching : queue.Watching = WatchAsync(queue);
    }

    private void Drop(ZooKeeperQueue queue)
    {
        _queues.Remove(queue.Path);
        queue.End();
        if (queue.Watch is { } watch)
        {
            queue.Watch = null;
            _ = UnwatchAsync(watch);
        }
    }

    // Watch and listing leave in one write. The first part runs under the lock, and returns at once.
    private async Task WatchAsync(ZooKeeperQueue queue)
    {
        IAsyncDisposable? watch = null;
        var keeper = new Keeper(_client);
        try
        {
            var setting = keeper.Client.AddWatchAsync(queue.Path, ZooKeeperWatchMode.PersistentRecursive, change => Take(queue, keeper, change), CancellationToken.None);
            var reading = ReadAsync(queue, keeper, setting);
            watch = await setting.ConfigureAwait(false);
            await reading.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZooKeeperException or ObjectDisposedException)
        {
            ZooKeeperLog.WatchFailed(logger, queue.Resource, exception);
            lock (_gate)
            {
                // It may have been in place for a moment: when its request was lost with the connection, the next one set it anew, and only the repeated request was refused.
                keeper.IsOver = true;
                if (keeper.Client == _client)
                {
                    queue.Forget();
                }
            }

            throw;
        }
        finally
        {
            lock (_gate)
            {
                if (_queues.GetValueOrDefault(queue.Path) == queue && keeper.Client == _client)
                {
                    queue.Watch = watch;
                    watch = null;
                }
            }

            if (watch is not null)
            {
                await UnwatchAsync(watch).ConfigureAwait(false);
            }
        }
    }

    private void Take(ZooKeeperQueue queue, Keeper keeper, ZooKeeperEvent change)
    {
        if (change.Type == ZooKeeperEventType.LookAgain)
        {
            _ = ReadAsync(queue, keeper, Task.CompletedTask);
        }
        else
        {
            queue.Take(change);
        }
    }

    // A listing without a watch is no copy: it would go on saying what was so once.
    private async Task ReadAsync(ZooKeeperQueue queue, Keeper keeper, Task watching)
    {
        int reading;
        lock (_gate)
        {
            if (keeper.IsOver || keeper.Client != _client)
            {
                return;
            }

            reading = queue.BeginReading();
        }

        try
        {
            var nodes = await ListAsync(keeper.Client, queue.Path).ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (watching.IsCompletedSuccessfully)
            {
                queue.Read(reading, nodes);
            }
        }
        catch (Exception exception) when (exception is ZooKeeperException or ObjectDisposedException)
        {
            // After a break of the connection the watch says "look again". Otherwise renewals tell what there is to tell.
            ZooKeeperLog.ReadingFailed(logger, queue.Resource, exception);
        }
        finally
        {
            queue.GiveUp(reading);
        }
    }

    private static async Task<IReadOnlyList<string>> ListAsync(ZooKeeperClient client, string path)
    {
        try
        {
            return (await client.GetChildrenAsync(path, cancellationToken: CancellationToken.None).ConfigureAwait(false)).Names;
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            return [];
        }
    }

    private static async Task UnwatchAsync(IAsyncDisposable watch)
    {
        try
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZooKeeperException or ObjectDisposedException)
        {
            // It ends with the connection.
        }
    }

    private void Unobserve(string path, Action observer)
    {
        lock (_gate)
        {
            if (_queues.TryGetValue(path, out var queue))
            {
                queue.RemoveObserver(observer);
                if (!queue.IsNeeded)
                {
                    Drop(queue);
                }
            }
        }
    }

    /// <summary>What keeps a copy true: a watch, from when it is asked for.</summary>
    private sealed class Keeper(ZooKeeperClient client)
    {
        public ZooKeeperClient Client => client;

        /// <summary>Whether it was refused. Under the lock.</summary>
        public bool IsOver { get; set; }
    }

    private sealed class Observation(ZooKeeperQueues owner, string path, Action observer) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owner.Unobserve(path, observer);
            return ValueTask.CompletedTask;
        }
    }
}
