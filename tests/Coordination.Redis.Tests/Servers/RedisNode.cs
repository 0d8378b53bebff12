using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A redis-server that tests configure while it runs.</summary>
/// <param name="fakeClock">Whether it runs under libfaketime.</param>
/// <param name="arguments">Further arguments of redis-server.</param>
public sealed class RedisNode(bool fakeClock, params string[] arguments) : IAsyncDisposable
{
    /// <summary>The process.</summary>
    public RedisServerProcess Process { get; } = new(fakeClock, arguments);

    /// <summary>The port.</summary>
    public int Port => Process.Port;

    /// <summary>Host and port.</summary>
    public string EndPoint => Process.EndPoint;

    /// <inheritdoc cref="RedisNodeAt.ExecuteAsync"/>
    public Task<string> ExecuteAsync(string command) => new RedisNodeAt(Port).ExecuteAsync(command);

    /// <inheritdoc cref="RedisNodeAt.UntilAsync"/>
    public Task UntilAsync(string command, Func<string, bool> isAsWanted) => new RedisNodeAt(Port).UntilAsync(command, isAsWanted);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();
}

/// <summary>Commands to a server on this machine, one a connection, past the driver, which would judge what the server is.</summary>
/// <param name="port">Its port.</param>
public sealed class RedisNodeAt(int port)
{
    /// <summary>Runs a command.</summary>
    /// <param name="command">The command and its arguments, none of which has white space.</param>
    /// <returns>The reply as text; for an array, each element on a line.</returns>
    /// <exception cref="InvalidOperationException">The server answered with an error.</exception>
    public async Task<string> ExecuteAsync(string command)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), limit.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await ReadAsync(reader, command, limit.Token);
    }

    /// <summary>Waits until a command's reply is as wanted.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isAsWanted">Looks at the reply.</param>
    public async Task UntilAsync(string command, Func<string, bool> isAsWanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var reply = "";
            try
            {
                reply = await ExecuteAsync(command);
                if (isAsWanted(reply))
                {
                    return;
                }
            }
            catch (IOException)
            {
                // A sentinel ends all connections of a server that it promotes.
            }
            catch (InvalidOperationException exception) when (exception.Message.Contains("LOADING", StringComparison.Ordinal))
            {
                // It was restarted, and listens before it has read its data.
            }

            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"{command} on port {port} went on answering:\n{reply}");
            }

            await Task.Delay(20);
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, string command, CancellationToken cancellationToken)
    {
        var line = await reader.ReadLineAsync(cancellationToken) ?? throw new IOException($"No reply to {command}.");
        switch (line[0])
        {
            case '-':
                throw new InvalidOperationException($"{command}: {line[1..]}");
            case '$':
                var length = int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture);
                if (length < 0)
                {
                    return "";
                }

                // All that is asked for here is ASCII.
                var text = new char[length + 2];
                await reader.ReadBlockAsync(text, cancellationToken);
                return new string(text, 0, length);
            case '*':
                var elements = new List<string>();
                for (var left = int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture); left > 0; left--)
                {
                    elements.Add(await ReadAsync(reader, command, cancellationToken));
                }

                return string.Join('\n', elements);
            default:
                return line[1..];
        }
    }
}
