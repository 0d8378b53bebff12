using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>A redis-server of our own on a free loopback port, in RAM.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _directory;
    private readonly int _port;

    private RedisServer(string program, int port)
    {
        _port = port;
        _directory = ServerProcess.MakeDirectory();
        Process = ServerProcess.Start(program,
        [
            "--save", "", "--appendonly", "no", "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _directory.FullName,
        ]);
    }

    public ServerProcess Process { get; }

    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>Starts some, and waits until all answer.</summary>
    public static async Task<IReadOnlyList<RedisServer>> StartAsync(int count)
    {
        var program = ServerProcess.Find("redis-server") ?? throw new UsageException(
            "redis-server was not found on PATH. Install it (Debian: apt-get install redis-server), or name servers of yours: --redis host:port, --redlock host:port,host:port,host:port.");
        List<RedisServer> servers = [.. ServerProcess.FreePorts(count).Select(port => new RedisServer(program, port))];
        try
        {
            foreach (var server in servers)
            {
                await server.Process.WaitUntilAsync(server.IsReadyAsync, StartLimit);
            }

            return servers;
        }
        catch
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>Asks for the process id, not merely for an answer: the port may have gone to somebody else meanwhile.</summary>
    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _port, limit.Token);
            await client.Client.SendAsync("INFO server\r\n"u8.ToArray(), limit.Token);
            var reply = new byte[8192];
            var length = 0;
            do
            {
                var read = await client.Client.ReceiveAsync(reply.AsMemory(length), limit.Token);
                length += read;
                if (read == 0)
                {
                    break;
                }
            }
            while (length < reply.Length && !reply.AsSpan(0, length).EndsWith("\r\n\r\n"u8));
            return Encoding.UTF8.GetString(reply, 0, length).Contains(string.Create(CultureInfo.InvariantCulture, $"process_id:{Process.Id}\r"), StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
