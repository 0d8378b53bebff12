using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordination.Conformance;

namespace Coordination.Etcd.Tests.Servers;

/// <summary>
/// Where the other members of a cluster find one of them: each of them comes through a proxy of its own, so that the way between any two members can be cut. A member says who
/// it is in the first request of each connection that it makes.
/// </summary>
public sealed class PeerGate : IAsyncDisposable
{
    private const string From = "X-Server-From: ";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, FaultProxy> _ways = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly IPEndPoint _target;
    private readonly Task _accepting;

    private PeerGate(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What the member tells the others of itself.</summary>
    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Opens the gate of a member.</summary>
    /// <param name="target">Where it listens for its peers.</param>
    public static PeerGate Start(IPEndPoint target) => new(target);

    /// <summary>The way from another member.</summary>
    /// <param name="member">Its id.</param>
    public FaultProxy WayFrom(ulong member) => WayFrom($"{member:x}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (var way in _ways.Values)
        {
            await way.DisposeAsync();
        }

        await Task.WhenAll(_running.Keys);
        _stop.Dispose();
    }

    private FaultProxy WayFrom(string member)
    {
        lock (_ways)
        {
            return _ways.GetOrAdd(member, static (_, target) => FaultProxy.Start(target), _target);
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return;
            }

            var running = Task.Run(() => RunAsync(socket));
            _running.TryAdd(running, true);
            _ = running.ContinueWith(ended => _running.TryRemove(ended, out _), TaskScheduler.Default);
        }
    }

    private async Task RunAsync(Socket socket)
    {
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            using var member = new NetworkStream(socket, ownsSocket: true);
            var head = new byte[16 * 1024];
            var length = 0;
            while (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                var read = await member.ReadAsync(head.AsMemory(length), stop.Token);
                if (read == 0)
                {
                    return;
                }

                length += read;
            }

            // What asks for a version alone does not say who it is.
            var text = Encoding.ASCII.GetString(head, 0, length);
            var at = text.IndexOf(From, StringComparison.OrdinalIgnoreCase);
            var way = WayFrom(at < 0 ? "anybody" : text[(at + From.Length)..text.IndexOf('\r', at)]);
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(way.EndPoint, stop.Token);
            var onward = client.GetStream();
            await onward.WriteAsync(head.AsMemory(0, length), stop.Token);
            Task[] copies = [member.CopyToAsync(onward, stop.Token), onward.CopyToAsync(member, stop.Token)];
            await Task.WhenAny(copies);
            await stop.CancelAsync();
            await Task.WhenAll(copies);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has gone.
        }
    }
}
