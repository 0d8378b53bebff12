using System.Net;
using System.Net.Sockets;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A server on a free port of the loopback, which can be frozen, killed and started again.</summary>
public abstract class TestServer : IAsyncDisposable
{
    /// <summary>Chooses a port. <see cref="StartAsync"/> starts the server.</summary>
    protected TestServer() => Port = FreePort.Next();

    /// <summary>The port, the same after a restart.</summary>
    public int Port { get; }

    /// <summary>Host and port.</summary>
    public string EndPoint => $"127.0.0.1:{Port}";

    /// <summary>Starts it, and waits until it answers.</summary>
    public abstract Task StartAsync();

    /// <summary>Stops its threads where they are. Its connections stay open and nothing is answered.</summary>
    public abstract Task FreezeAsync();

    /// <summary>Lets it go on.</summary>
    public abstract Task ResumeAsync();

    /// <summary>Ends it at once, as a crash would.</summary>
    public abstract Task KillAsync();

    /// <summary>Kills it, and starts it again on the same port.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Whether it answers, with anything at all (it may ask for a password).</summary>
    /// <returns><see langword="true"/> when it does.</returns>
    protected async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await client.ConnectAsync(IPAddress.Loopback, Port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), limit.Token);
            return await stream.ReadAsync(new byte[16], limit.Token) > 0;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
