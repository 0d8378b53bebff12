using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>
/// The other end of the wire, byte for byte: it records what a client sends and answers what it was told to. It knows nothing of ZooKeeper but how frames are cut.
/// </summary>
public sealed class WireServer : IAsyncDisposable
{
    /// <summary>A session of 10 seconds with the id 0x0102030405060708.</summary>
    public const string Session = "00000025 00000000 00002710 0102030405060708 00000010 00000000000000000000000000000000 00";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = [];
    private readonly Func<byte[]> _handshake;
    private readonly Func<byte[], byte[]?> _answer;
    private readonly Task _accepting;
    private Socket? _last;

    /// <summary>Listens.</summary>
    /// <param name="answer">What to send, as it is, for a frame (without its length) that came; <see langword="null"/> to hang up.</param>
    /// <param name="handshake">What to send for the first frame of a connection; nothing of it to hang up.</param>
    public WireServer(Func<byte[], byte[]?> answer, Func<byte[]>? handshake = null)
    {
        _answer = answer;
        _handshake = handshake ?? (static () => Hex(Session));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>Whether it hangs up after each answer, but for a sync's, which the client sends by itself: a client that was promised more than came would wait for it otherwise.</summary>
    public bool HangsUp { get; set; }

    /// <summary>Whether each connection ends the one before, as servers do with one that goes on with the same session.</summary>
    public bool TakesOver { get; set; }

    /// <summary>The frames that came, without their lengths; the first of each connection is its handshake.</summary>
    public ConcurrentQueue<byte[]> Frames { get; } = [];

    /// <summary>Bytes as hexadecimal digits, with blanks anywhere.</summary>
    public static byte[] Hex(string digits) => Convert.FromHexString(string.Concat(digits.Where(static c => !char.IsWhiteSpace(c))));

    /// <summary>A frame with its length.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> content)
    {
        var frame = new byte[sizeof(int) + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, content.Length);
        content.CopyTo(frame.AsSpan(sizeof(int)));
        return frame;
    }

    /// <summary>A client of this server, connected.</summary>
    public async Task<ZooKeeperClient> ConnectAsync(Action<ZooKeeperClientOptions>? configure = null)
    {
        var options = new ZooKeeperClientOptions { ConnectionString = Address };
        configure?.Invoke(options);
        var client = new ZooKeeperClient(options);
        await client.ConnectAsync(TestContext.Current.CancellationToken);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                var serving = ServeAsync(socket);
                _connections[serving] = true;
                _ = serving.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            for (var isFirst = true; ; isFirst = false)
            {
                var length = new byte[sizeof(int)];
                await stream.ReadExactlyAsync(length, _stop.Token);
                var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
                await stream.ReadExactlyAsync(frame, _stop.Token);
                Frames.Enqueue(frame);
                if (isFirst && Interlocked.Exchange(ref _last, socket) is { } before && TakesOver)
                {
                    before.Dispose();
                }

                if (!isFirst && frame.AsSpan(4).SequenceEqual(Hex("fffffff5")))
                {
                    // closeSession, which each client ends with.
                    await stream.WriteAsync(Frame([.. frame.AsSpan(0, 4), .. Hex("0000000000000009 00000000")]), _stop.Token);
                    return;
                }

                if ((isFirst ? _handshake() : _answer(frame)) is not { } answer)
                {
                    return;
                }

                await stream.WriteAsync(answer, _stop.Token);
                var isSync = !isFirst && frame.AsSpan(4).StartsWith(Hex("00000009"));
                if (HangsUp && !isSync && !(isFirst && answer.AsSpan().SequenceEqual(Hex(Session))))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has left, or another has taken its place.
        }
    }
}
