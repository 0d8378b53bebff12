using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Coordination.Torture.Real;

/// <summary>A client's way to the register store: a connection for each write at a time.</summary>
internal sealed class RegisterClient(int port) : IRegister
{
    private readonly ConcurrentBag<(TcpClient Client, StreamReader Reader)> _idle = [];

    public async ValueTask WriteAsync(string resource, long token, string hold)
    {
        if (!_idle.TryTake(out var connection))
        {
            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(IPAddress.Loopback, port);
            connection = (client, new StreamReader(client.GetStream()));
        }

        await connection.Client.GetStream().WriteAsync(System.Text.Encoding.UTF8.GetBytes(FormattableString.Invariant($"{resource}\t{token}\t{hold}\n")));
        await connection.Reader.ReadLineAsync();
        _idle.Add(connection);
    }
}
