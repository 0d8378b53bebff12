using System.Net;
using System.Net.Sockets;

namespace Coordination.Conformance;

/// <summary>
/// A TCP proxy in this process, between a driver and its server, that does to connections what networks do: delay, silence in one or
/// both directions, a reset, a refusal, and the nastiest: the request arrives and is applied, and the reply is lost.
/// </summary>
/// <remarks>
/// It knows no protocol. It copies bytes, and each direction of each connection asks before every write what has become of the
/// network meanwhile.
/// </remarks>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly TcpListener _listener;
    private readonly Func<EndPoint> _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<ProxiedConnection> _connections = [];
    private readonly Task _accepting;
    private TaskCompletionSource? _silence;
    private ReplyLoss? _loss;
    private bool _refusing;
    private int _accepted;

    private FaultProxy(Func<EndPoint> target)
    {
        _target = target;
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect to.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>How long each piece takes on its way, in each direction.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Swallows what clients send, so that the server hears nothing, while what it says still comes through: half open.</summary>
    public bool DropToServer { get; set; }

    /// <summary>Swallows what the server sends, while it still hears its clients: half open.</summary>
    public bool DropToClient { get; set; }

    /// <summary>How many connections were accepted so far: tells of reconnects.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How many connections there are now.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Starts a proxy to a server.</summary>
    public static FaultProxy Start(EndPoint target) => new(() => target);

    /// <summary>Starts a proxy to a server whose address may change over a restart.</summary>
    public static FaultProxy Start(Func<EndPoint> target) => new(target);

    /// <summary>
    /// The network falls silent in both directions. Nothing is lost: what is sent meanwhile arrives after <see cref="Resume"/>, as TCP
    /// sends it again. New connections are accepted (the other side's kernel would) and hear nothing.
    /// </summary>
    public void Pause()
    {
        lock (_lock)
        {
            _silence ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends <see cref="Pause"/> and <see cref="Refuse"/>.</summary>
    public void Resume()
    {
        TaskCompletionSource? silence;
        lock (_lock)
        {
            silence = _silence;
            _silence = null;
            _refusing = false;
        }

        silence?.TrySetResult();
    }

    /// <summary>Does something while the network is silent, as by <see cref="Pause"/>. One that was silent before stays so.</summary>
    public async Task WhileSilentAsync(Func<Task> act)
    {
        TaskCompletionSource? silence = null;
        lock (_lock)
        {
            if (_silence is null)
            {
                _silence = silence = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        try
        {
            await act();
        }
        finally
        {
            lock (_lock)
            {
                _silence = _silence == silence ? null : _silence;
            }

            silence?.TrySetResult();
        }
    }

    /// <summary>Resets all connections. The server's side ends too. New ones are welcome.</summary>
    public void Reset()
    {
        ProxiedConnection[] connections;
        lock (_lock)
        {
            connections = [.. _connections];
        }

        foreach (var connection in connections)
        {
            connection.Reset();
        }
    }

    /// <summary>Resets all connections, and every new one at once, as when nobody listens; until <see cref="Resume"/>.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            _refusing = true;
        }

        Reset();
    }

    /// <summary>
    /// The next request that matches is passed on, and the server applies it. Its connection is reset as soon as the server's reply comes, which is
    /// swallowed: the client cannot know whether the request was applied.
    /// </summary>
    /// <param name="isRequest">
    /// Looks at a piece of what a client sent, as it came from the socket; see <see cref="Mentions"/>. Small requests come in one piece.
    /// </param>
    /// <param name="isReply">
    /// Looks at a piece of what the server sent since: whether it is, or begins, a reply. By default whatever comes first is one; protocols in which a server
    /// also speaks unasked have to say more.
    /// </param>
    /// <returns>Completes when the reply was swallowed and the connection reset.</returns>
    public Task LoseReplyOf(Func<ReadOnlyMemory<byte>, bool> isRequest, Func<ReadOnlyMemory<byte>, bool>? isReply = null)
    {
        var loss = new ReplyLoss(isRequest, isReply ?? (static _ => true));
        Interlocked.Exchange(ref _loss, loss);
        return loss.Done;
    }

    /// <summary>For <see cref="LoseReplyOf"/>: whether a piece contains a text.</summary>
    public static Func<ReadOnlyMemory<byte>, bool> Mentions(string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return piece => piece.Span.IndexOf(bytes) >= 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Resume();
        Reset();
        await _accepting;
        Task[] ends;
        lock (_lock)
        {
            ends = [.. _connections.Select(connection => connection.End)];
        }

        await Task.WhenAll(ends);
        _stop.Dispose();
    }

    /// <summary>Takes the armed loss if this piece is its request. Only one connection can.</summary>
    internal ReplyLoss? TakeLoss(ReadOnlyMemory<byte> piece)
    {
        var loss = Volatile.Read(ref _loss);
        return loss is not null && loss.IsRequest(piece) && Interlocked.CompareExchange(ref _loss, null, loss) == loss ? loss : null;
    }

    /// <summary>What every piece goes through before it is written on.</summary>
    internal async ValueTask PassNetworkAsync(CancellationToken cancellationToken)
    {
        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, cancellationToken);
        }

        while (true)
        {
            Task? silence;
            lock (_lock)
            {
                silence = _silence?.Task;
            }

            if (silence is null)
            {
                return;
            }

            await silence.WaitAsync(cancellationToken);
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                continue; // the client was gone before it was accepted
            }

            Interlocked.Increment(ref _accepted);
            var connection = new ProxiedConnection(this, client);
            bool isRefused;
            lock (_lock)
            {
                isRefused = _refusing;
                if (!isRefused)
                {
                    _connections.Add(connection);
                }
            }

            if (isRefused)
            {
                connection.Reset();
                continue;
            }

            connection.Run(_target(), () =>
            {
                lock (_lock)
                {
                    _connections.Remove(connection);
                }
            });
        }
    }
}

/// <summary>A reply that is to be lost.</summary>
internal sealed class ReplyLoss(Func<ReadOnlyMemory<byte>, bool> isRequest, Func<ReadOnlyMemory<byte>, bool> isReply)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Done => _done.Task;

    public bool IsRequest(ReadOnlyMemory<byte> piece) => isRequest(piece);

    public bool IsReply(ReadOnlyMemory<byte> piece) => isReply(piece);

    public void Complete() => _done.TrySetResult();
}
