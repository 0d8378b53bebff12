using System.Threading.Channels;
using Etcdserverpb;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Coordination.Etcd;

/// <summary>
/// One watch stream a process, and on it one watch for each resource that somebody waits for or observes. A watch begins now, never at an earlier revision (etcd serves those from a loop that runs every
/// 100 ms), and the queue is read once it has begun. Whatever ends a watch, the stream, compaction, the server, is followed by a new one and a new reading.
/// </summary>
/// <param name="connection">The way to the cluster.</param>
/// <param name="keys">The names of keys.</param>
/// <param name="logger">The log.</param>
internal sealed class EtcdWatches(EtcdConnection connection, EtcdKeys keys, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    // The next waiter of a resource that is fought over comes soon: making its watch anew each time would cost two requests.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, EtcdQueue> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<long, EtcdQueue> _watched = [];
    private ChannelWriter<WatchRequest>? _outgoing;
    private Task _running = Task.CompletedTask;
    private bool _isRunning;
    private long _lastWatchId;

    /// <summary>A claim waits from now on: its session hears of its grant and of its loss. Sends at most the request for a watch.</summary>
    public void Wait(string resource, EtcdWaiter waiter)
    {
        EtcdHints hints;
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            hints = Find(resource).Add(waiter);
        }

        hints.Tell();
    }

    /// <summary>A claim is about to be released.</summary>
    public void Forget(string resource, string id)
    {
        EtcdQueue? queue;
        lock (_gate)
        {
            _queues.TryGetValue(resource, out queue);
        }

        queue?.Remove(id);
    }

    /// <summary>A session does not listen any more.</summary>
    public void Forget(EtcdSession session)
    {
        lock (_gate)
        {
            foreach (var queue in _queues.Values)
            {
                queue.RemoveAll(session);
            }
        }
    }

    /// <summary>Watches the holders of a resource.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="changed">Called after each change of the holders and after each break.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Ends the watch.</returns>
    public async ValueTask<IAsyncDisposable> ObserveAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        // Two with the same callback are two.
        Action observer = () => changed();
        Task opening;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, typeof(EtcdBackend));
            opening = Find(resource).AddObserver(observer);
        }

        try
        {
            await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new Observation(this, resource, observer);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not ObjectDisposedException)
        {
            Unobserve(resource, observer);
            var fault = exception is OperationCanceledException ? new IOException("The watch stream broke.", exception) : exception;
            throw EtcdErrors.Translate(fault, connection.Current.Address, connection.Limit.Timeout, "watch", resource);
        }
        catch
        {
            Unobserve(resource, observer);
            throw;
        }
    }

    /// <summary>How many resources are watched.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _queues.Count;
            }
        }
    }

    /// <summary>Ends the watches that nobody has needed for a while. Called with each renewal, and when a session is closed.</summary>
    /// <param name="linger">Whether to keep those that were needed until a moment ago.</param>
    public void Sweep(bool linger = true)
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
                else if (!linger)
                {
                    Drop(queue);
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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            running = _running;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            foreach (var queue in _queues.Values)
            {
                queue.Unwatched(new ObjectDisposedException(typeof(EtcdBackend).FullName));
            }
        }
    }

    // Under the lock, as are the next three.
    private EtcdQueue Find(string resource)
    {
        if (_queues.TryGetValue(resource, out var queue))
        {
            queue.IdleSince = 0;
            return queue;
        }

        queue = new EtcdQueue(resource, keys.QueueOf(resource));
        _queues.Add(resource, queue);
        Subscribe(queue);
        if (!_isRunning)
        {
            _isRunning = true;
            _running = Task.Run(RunAsync);
        }

        return queue;
    }

    private void Subscribe(EtcdQueue queue)
    {
        if (_outgoing is null)
        {
            return; // The next stream does it.
        }

        queue.WatchId = ++_lastWatchId;
        _watched.Add(queue.WatchId, queue);
        _outgoing.TryWrite(new WatchRequest
        {
            CreateRequest = new WatchCreateRequest { Key = queue.Range.Start, RangeEnd = queue.Range.End, WatchId = queue.WatchId },
        });
    }

    private void Drop(EtcdQueue queue)
    {
        _queues.Remove(queue.Resource);
        if (_watched.Remove(queue.WatchId))
        {
            _outgoing?.TryWrite(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = queue.WatchId } });
        }
    }

    private void Unobserve(string resource, Action observer)
    {
        lock (_gate)
        {
            if (_queues.TryGetValue(resource, out var queue))
            {
                queue.RemoveObserver(observer);
                if (!queue.IsNeeded)
                {
                    Drop(queue);
                }
            }
        }
    }

    // The driver's own reconnecting, which no call of the engine's waits for: a break is noticed here first.
    private async Task RunAsync()
    {
        var failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            lock (_gate)
            {
                if (_queues.Count == 0)
                {
                    _isRunning = false;
                    return;
                }
            }

            var endpoint = connection.Current;
            using var stream = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, endpoint.Left);
            try
            {
                await RunStreamAsync(endpoint, stream, () => failures = 0).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                if (endpoint == connection.Current)
                {
                    EtcdLog.WatchBroken(logger, endpoint.Address, exception);
                    connection.MoveOn(endpoint);
                }

                lock (_gate)
                {
                    foreach (var queue in _queues.Values)
                    {
                        queue.Unwatched(exception);
                    }
                }

                // With all members tried once, a short while until the next.
                if (++failures >= connection.Count)
                {
                    var delay = FirstDelay * Math.Pow(2, Math.Min(failures - connection.Count, 10));
                    await Task.Delay(delay < MaxDelay ? delay : MaxDelay, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    private async Task RunStreamAsync(EtcdEndpoint endpoint, CancellationTokenSource stream, Action begun)
    {
        var headers = await connection.Authentication.HeadersAsync(endpoint, stream.Token).ConfigureAwait(false);
        using var call = endpoint.Watch.Watch(new CallOptions(headers, cancellationToken: stream.Token));
        var outgoing = Channel.CreateUnbounded<WatchRequest>(new UnboundedChannelOptions { SingleReader = true });
        lock (_gate)
        {
            _outgoing = outgoing.Writer;
            foreach (var queue in _queues.Values)
            {
                Subscribe(queue);
            }
        }

        var writing = WriteAsync(call.RequestStream, outgoing.Reader, stream);
        try
        {
            while (await call.ResponseStream.MoveNext(stream.Token).ConfigureAwait(false))
            {
                Take(call.ResponseStream.Current, headers, stream, begun);
            }

            throw new IOException("The watch stream was ended by the server.");
        }
        finally
        {
            lock (_gate)
            {
                _outgoing = null;
                _watched.Clear();
            }

            await stream.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WriteAsync(IClientStreamWriter<WatchRequest> writer, ChannelReader<WatchRequest> requests, CancellationTokenSource stream)
    {
        await foreach (var request in requests.ReadAllAsync(stream.Token).ConfigureAwait(false))
        {
            await writer.WriteAsync(request, stream.Token).ConfigureAwait(false);
        }
    }

    private void Take(WatchResponse response, Metadata headers, CancellationTokenSource stream, Action begun)
    {
        EtcdQueue? queue;
        lock (_gate)
        {
            if (!_watched.TryGetValue(response.WatchId, out queue) && !(response.Canceled && response.Created))
            {
                return; // Of one that was ended here meanwhile.
            }

            if (response.Canceled)
            {
                if (response.Created || queue is null)
                {
                    // Refused: no right to it, or a token that the member does not know; it says the same of both.
                    connection.Authentication.Refused(headers);
                    throw new RpcException(new Status(StatusCode.PermissionDenied, $"etcdserver: the watch was refused: {response.CancelReason}"));
                }

                _watched.Remove(response.WatchId);
                queue.Unwatched(fault: null);
                EtcdLog.WatchCanceled(logger, queue.Resource, response.CompactRevision > 0 ? $"compacted at {response.CompactRevision}" : response.CancelReason);
                Subscribe(queue);
                return;
            }
        }

        if (response.Created)
        {
            _ = ReadAsync(queue!, queue!.Watched(), stream, begun);
        }

        if (response.Events.Count > 0)
        {
            queue!.Apply(response.Events);
        }
    }

    private async Task ReadAsync(EtcdQueue queue, int watch, CancellationTokenSource stream, Action begun)
    {
        try
        {
            queue.Read(watch, await connection.ReadAsync(
                new RangeRequest { Key = queue.Range.Start, RangeEnd = queue.Range.End }, "read the queue of", queue.Resource, stream.Token).ConfigureAwait(false));
            begun();
        }
        catch (Exception)
        {
            // Without the reading the watch says nothing: begin again, with the stream.
            try
            {
                await stream.CancelAsync().ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                // It has ended already.
            }
        }
    }

    private sealed class Observation(EtcdWatches owner, string resource, Action observer) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owner.Unobserve(resource, observer);
            return ValueTask.CompletedTask;
        }
    }
}
