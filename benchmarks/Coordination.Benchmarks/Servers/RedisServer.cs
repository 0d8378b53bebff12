using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>A redis-server of our own on a free loopback port, in RAM, which ends with us.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly DirectoryInfo _directory;

    private RedisServer(Process process, DirectoryInfo directory, int port)
    {
        _process = process;
        _directory = directory;
        Endpoint = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    public string Endpoint { get; }

    public static async Task<RedisServer> StartAsync()
    {
        var program = FindProgram()
            ?? throw new UsageException("redis-server was not found on PATH. Install it (Debian: apt-get install redis-server), or name a server of yours: --redis host:port.");
        var directory = Directory.CreateTempSubdirectory("coordination-benchmarks-");
        var port = FreePort();
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory.FullName };
        foreach (var argument in new[]
        {
            "--save", "", "--appendonly", "no", "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", directory.FullName,
        })
        {
            start.ArgumentList.Add(argument);
        }

        var server = new RedisServer(Process.Start(start)!, directory, port);
        // Nobody reads its log, so it must not fill the pipe.
        server._process.OutputDataReceived += static (_, _) => { };
        server._process.ErrorDataReceived += static (_, _) => { };
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server.WaitUntilReadyAsync(port);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(static directory => new[] { Path.Combine(directory, "redis-server"), Path.Combine(directory, "redis-server.exe") })
            .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Asks for the process id, not merely for an answer: the port may have gone to somebody else meanwhile.</summary>
    private async Task WaitUntilReadyAsync(int port)
    {
        var mine = string.Create(CultureInfo.InvariantCulture, $"process_id:{_process.Id}\r");
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < StartLimit; await Task.Delay(50))
        {
            if (_process.HasExited)
            {
                throw new UsageException($"redis-server ended with exit code {_process.ExitCode} instead of starting.");
            }

            if ((await AskAsync(port)).Contains(mine, StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new UsageException($"redis-server did not answer on port {port} within {StartLimit.TotalSeconds} s.");
    }

    private static async Task<string> AskAsync(int port)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
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
            return Encoding.UTF8.GetString(reply, 0, length);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return "";
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Kill();

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }
}
