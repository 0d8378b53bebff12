using System.Buffers;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Threading.Channels;

namespace Coordination.ZooKeeper.Client;

/// <summary>
/// One connection to one server, from the session's confirmation to its end: requests go out in the order in which they were given, replies come in the same order, events in
/// between. What the connection sees is told on its read loop, one after the other.
/// </summary>
internal sealed class ZooKeeperConnection
{
    /// <summary>Up to this many bytes are put into one write.</summary>
    private const int BatchLength = 64 * 1024;

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    // A member of an ensemble, since 3.6 and until ZOOKEEPER-4537 was mended (3.8.0 has it), can overlook a request that comes as it falls idle, about one in ten thousand, until anything else
    // comes in. So when a reply is late a ping is sent behind the request: first after this time, then ever less often. A reply takes a millisecond, or some when a disk is written to.
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(100);

    private static readonly Meter Meter = new("Coordination");

    private static readonly Counter<long> Recalls = Meter.CreateCounter<long>(
        "coordination.zookeeper.recalls", "{ping}", "Pings sent behind a request whose reply is late.");

    private readonly Stream _stream;
    private readonly PipeReader _reader;
    private readonly ZooKeeperChroot _chroot;
    private readonly TimeProvider _time;
    private readonly Action<ZooKeeperEvent> _onEvent;
    private readonly bool _keepAlive;
    private readonly TimeSpan _replyTimeout;
    private readonly long _began;
    private readonly Channel<JuteWriter> _outgoing = Channel.CreateUnbounded<JuteWriter>(new UnboundedChannelOptions { SingleReader = true });

    // Guards the order: number, place in the queue of replies and place in the queue of frames are one.
    private readonly Lock _gate = new();
    private readonly Queue<ZooKeeperRequest> _pending = new();
    private int _lastXid;
    private bool _isEnded;
    private Exception? _reason;
    private long _lastSent;
    private long _lastReceived;
    private long _lastAnswered;
    private long _pendingSince;
    private long _lastZxid;
    private ITimer? _timer;
    private bool _isSuspect;
    private bool _isWatched;
    private TimeSpan _patience = Late;

    /// <summary>Takes over a connection whose session is confirmed (<see cref="ZooKeeperConnector"/>).</summary>
    public ZooKeeperConnection(
        ZooKeeperServer server,
        Stream stream,
        PipeReader reader,
        ZooKeeperConnectResponse session,
        ZooKeeperChroot chroot,
        ZooKeeperClientOptions options,
        Action<ZooKeeperEvent> onEvent)
    {
        var time = options.TimeProvider;
        Server = server;
        Session = session;
        _stream = stream;
        _reader = reader;
        _chroot = chroot;
        _time = time;
        _keepAlive = options.KeepAlive;
        _replyTimeout = options.ReplyTimeout ?? 2 * session.Timeout / 3;
        _onEvent = onEvent;
        _began = _lastSent = _lastReceived = _lastAnswered = time.GetTimestamp();
    }

    public ZooKeeperServer Server { get; }

    public ZooKeeperConnectResponse Session { get; }

    /// <summary>The newest transaction that a reply told of; 0 before the first.</summary>
    public long LastZxid => Volatile.Read(ref _lastZxid);

    /// <summary>How long ago the session was confirmed.</summary>
    public TimeSpan Lived => _time.GetElapsedTime(_began);

    /// <summary>Sends a request as soon as those before it are sent.</summary>
    /// <returns><see langword="false"/> when the connection has ended: the request was not sent.</returns>
    public bool TrySend(ZooKeeperRequest request)
    {
        lock (_gate)
        {
            if (_isEnded)
            {
                return false;
            }

            _lastXid = _lastXid == int.MaxValue ? 1 : _lastXid + 1;
            request.Xid = _lastXid;
            request.Frame.SetXid(_lastXid);
            var now = _time.GetTimestamp();
            if (_pending.Count == 0)
            {
                _pendingSince = now;
            }

            _pending.Enqueue(request);
            _outgoing.Writer.TryWrite(request.Frame);
            Volatile.Write(ref _lastSent, now);
            if (!_isWatched)
            {
                _isWatched = true;
                _timer?.Change(Late, Timeout.InfiniteTimeSpan);
            }

            return true;
        }
    }

    /// <summary>Runs the connection until it ends, by whatever.</summary>
    /// <returns>Why it ended. Requests without a reply have failed.</returns>
    public async Task<Exception> RunAsync()
    {
        using (_timer = _time.CreateTimer(static state => ((ZooKeeperConnection)state!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan))
        {
            Check();
            var writing = EndWithAsync(WriteAsync());
            await EndWithAsync(ReadAsync()).ConfigureAwait(false);
            await writing.ConfigureAwait(false);
        }

        await _reader.CompleteAsync().ConfigureAwait(false);
        while (_outgoing.Reader.TryRead(out var frame))
        {
            frame.Dispose();
        }

        return _reason!;
    }

    /// <summary>Fails the requests that have no reply. To be called after <see cref="RunAsync"/>.</summary>
    public void FailPending()
    {
        while (_pending.TryDequeue(out var request))
        {
            request.Fail(new ZooKeeperException(
                ZooKeeperErrorCode.ConnectionLoss,
                $"The connection to ZooKeeper at {Server} was lost while {request.Type}{(request.Path is null ? "" : $" '{request.Path}'")} was under way: whether it was done is not known. {_reason!.Message}",
                _reason)
            {
                Path = request.Path,
            });
        }
    }

    /// <summary>Ends the connection.</summary>
    /// <param name="reason">Why. The first one counts.</param>
    public void End(Exception reason)
    {
        lock (_gate)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
            _reason = reason;
        }

        _outgoing.Writer.TryComplete();
        _stream.Dispose();
    }

    private async Task EndWithAsync(Task loop)
    {
        try
        {
            await loop.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            End(exception);
        }
    }

    private async Task WriteAsync()
    {
        var batch = new ArrayBufferWriter<byte>(1024);
        while (await _outgoing.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.WrittenCount < BatchLength && _outgoing.Reader.TryRead(out var frame))
            {
                batch.Write(frame.Frame);
                frame.Dispose();
            }

            await _stream.WriteAsync(batch.WrittenMemory).ConfigureAwait(false);
            batch.ResetWrittenCount();
        }
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var result = await _reader.ReadAsync().ConfigureAwait(false);
            var now = _time.GetTimestamp();
            Volatile.Write(ref _lastReceived, now);
            var buffer = result.Buffer;
            var isAnswer = false;
            while (ZooKeeperFrames.TryTake(ref buffer, out var frame))
            {
                isAnswer |= Receive(frame.AsSpan());
            }

            // A follower acknowledges pings by itself, also when it has lost the leader without whom it answers nothing else.
            if (isAnswer || buffer.Length > 0)
            {
                Volatile.Write(ref _lastAnswered, now);
            }

            _reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                throw new EndOfStreamException("The server hung up.");
            }
        }
    }

    /// <returns>Whether it is more than the acknowledgement of a ping.</returns>
    private bool Receive(ReadOnlySpan<byte> frame)
    {
        var reader = new JuteReader(frame);
        var header = ZooKeeperReplyHeader.Read(ref reader);
        switch (header.Xid)
        {
            case ZooKeeperReplyHeader.Ping:
                return false;
            case ZooKeeperReplyHeader.Event:
                _onEvent(ZooKeeperReplyHeader.ReadEvent(ref reader, _chroot));
                return true;
            default:
                Take(header).Complete(header.Code, ref reader, _chroot);
                if (header.Code == ZooKeeperErrorCode.SessionExpired)
                {
                    // Servers say so and keep the connection. The next one tells for certain.
                    throw new IOException("The server says that the session has ended.");
                }

                return true;
        }
    }

    private ZooKeeperRequest Take(ZooKeeperReplyHeader header)
    {
        lock (_gate)
        {
            if (!_pending.TryPeek(out var request) || request.Xid != header.Xid)
            {
                throw new InvalidDataException($"A reply to request {header.Xid} came where {(request is null ? "none" : $"one to {request.Xid}")} was due.");
            }

            // Where the session is no more, nothing was answered: who hears only that does not storm the servers.
            if (header.Zxid > _lastZxid && header.Code != ZooKeeperErrorCode.SessionExpired)
            {
                Volatile.Write(ref _lastZxid, header.Zxid);
            }

            _patience = Late;
            return _pending.Dequeue();
        }
    }

    // Runs by the timer, which it sets anew: the end when a reply does not come in time, or nothing for two thirds of the time-out; a ping when nothing was sent for a third of it, or
    // when a reply is late.
    private void Check()
    {
        var third = Session.Timeout / 3;
        var received = _time.GetElapsedTime(Volatile.Read(ref _lastReceived));
        var next = _replyTimeout / 4;
        if (_keepAlive)
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lastSent)) >= third)
            {
                Ping();
            }

            next = Min(next, Min(third - _time.GetElapsedTime(Volatile.Read(ref _lastSent)), (2 * third) - received));
        }

        var silence = Silence(received, 2 * third);
        if (silence is not null)
        {
            if (_isSuspect)
            {
                End(new IOException(silence));
                return;
            }

            // It may be this process that stood still: what came meanwhile is read first.
            next = Min(Grace, Session.Timeout / 12);
        }

        _isSuspect = silence is not null;
        lock (_gate)
        {
            // Kept in step with requests: one that comes when nobody watches sets the timer itself.
            _isWatched = _pending.Count > 0;
            next = _isWatched ? Min(next, UntilLate()) : next;
            _timer?.Change(next > TimeSpan.FromMilliseconds(1) ? next : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    private TimeSpan UntilLate()
    {
        var last = Math.Max(Volatile.Read(ref _lastSent), Math.Max(Volatile.Read(ref _lastReceived), _pendingSince));
        var left = _patience - _time.GetElapsedTime(last);
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        Ping();
        Recalls.Add(1, new KeyValuePair<string, object?>("server.address", Server.Host), new KeyValuePair<string, object?>("server.port", Server.Address.Port));
        _patience *= 2;
        return _patience;
    }

    private string? Silence(TimeSpan received, TimeSpan longest)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lastAnswered)) >= _replyTimeout && Waited() >= _replyTimeout)
        {
            return $"The server did not answer for {_replyTimeout.TotalSeconds:0.###} s. It is overloaded, frozen or cut off.";
        }

        return _keepAlive && received >= longest ? $"Nothing came from the server for {received.TotalSeconds:0.###} s, two thirds of the session's time-out." : null;
    }

    private TimeSpan Waited()
    {
        lock (_gate)
        {
            return _pending.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_pendingSince);
        }
    }

    private void Ping()
    {
        var ping = ZooKeeperRequest.Begin(ZooKeeperOpCode.Ping, ZooKeeperReplyHeader.Ping);
        ping.Complete();
        lock (_gate)
        {
            if (!_isEnded)
            {
                _outgoing.Writer.TryWrite(ping);
                Volatile.Write(ref _lastSent, _time.GetTimestamp());
                return;
            }
        }

        ping.Dispose();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
