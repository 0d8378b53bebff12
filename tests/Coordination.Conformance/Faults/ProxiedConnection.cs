using System.Net;
using System.Net.Sockets;

namespace Coordination.Conformance;

/// <summary>A connection through a <see cref="FaultProxy"/>: two sockets, and a copy in each direction.</summary>
internal sealed class ProxiedConnection(FaultProxy proxy, Socket client)
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private ReplyLoss? _loss;

    /// <summary>Completes when both directions have ended.</summary>
    public Task End { get; private set; } = Task.CompletedTask;

    public void Run(EndPoint target, Action ended)
    {
        End = RunAsync();

        async Task RunAsync()
        {
            try
            {
                client.NoDelay = true;

                // A silent network answers no connect either.
                await proxy.PassNetworkAsync(_stop.Token);
                await _server.ConnectAsync(target, _stop.Token);
                await Task.WhenAll(CopyAsync(client, _server, isToServer: true), CopyAsync(_server, client, isToServer: false));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The server is not there, or this connection was reset: so is the client's.
            }
            finally
            {
                Reset();
                ended();
            }
        }
    }

    /// <summary>Ends both sides with a TCP reset.</summary>
    public void Reset()
    {
        _stop.Cancel();
        foreach (var socket in new[] { client, _server })
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0); // close sends RST
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It is gone already.
            }

            socket.Dispose();
        }
    }

    // Whichever direction fails first takes the other with it: a reset is passed on.
    private async Task CopyAsync(Socket from, Socket to, bool isToServer)
    {
        try
        {
            await CopyBytesAsync(from, to, isToServer);
        }
        catch
        {
            Reset();
            throw;
        }
    }

    private async Task CopyBytesAsync(Socket from, Socket to, bool isToServer)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var count = await from.ReceiveAsync(buffer, _stop.Token);
            if (count == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            var piece = buffer.AsMemory(0, count);
            await proxy.PassNetworkAsync(_stop.Token);
            if (isToServer ? proxy.DropToServer : proxy.DropToClient)
            {
                continue;
            }

            if (isToServer && proxy.TakeLoss(piece) is { } loss)
            {
                _loss = loss; // before the request goes out, so that not even a quick reply slips through
            }
            else if (!isToServer && _loss is { } lost && lost.IsReply(piece))
            {
                Reset();
                lost.Complete();
                return;
            }

            for (var sent = 0; sent < count;)
            {
                sent += await to.SendAsync(piece[sent..], _stop.Token);
            }
        }
    }
}
