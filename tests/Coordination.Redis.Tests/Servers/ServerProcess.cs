using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A server in a process of its own on a free port of the loopback, which can be frozen, killed and started again.</summary>
public abstract class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly StringBuilder _output = new();
    private Process? _process;
    private bool _frozen;

    /// <summary>Chooses a port. <see cref="StartAsync"/> starts the process.</summary>
    protected ServerProcess() => Port = FreePort();

    /// <summary>The port, the same after a restart.</summary>
    public int Port { get; }

    /// <summary>Host and port.</summary>
    public string EndPoint => $"127.0.0.1:{Port}";

    /// <summary>The process's id.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server does not run.");

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
        {
            throw new InvalidOperationException("The server runs already.");
        }

        var start = StartInfo();
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"Could not start {start.FileName}.");
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
        var began = Stopwatch.GetTimestamp();
        while (!await AnswersAsync())
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartLimit)
            {
                var said = Output();
                await KillAsync();
                throw new InvalidOperationException($"{start.FileName} on port {Port} did not start. It said:\n{said}");
            }

            await Task.Delay(10);
        }
    }

    /// <summary>Stops its threads where they are. Its connections stay open and nothing is answered.</summary>
    public async Task FreezeAsync()
    {
        await SignalAsync("STOP");
        _frozen = true;
    }

    /// <summary>Lets it go on.</summary>
    public async Task ResumeAsync()
    {
        await SignalAsync("CONT");
        _frozen = false;
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        _frozen = false;
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Kills it, and starts it again on the same port.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        if (_frozen)
        {
            await ResumeAsync();
        }

        await KillAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What to start.</summary>
    /// <returns>The command and its arguments.</returns>
    protected abstract ProcessStartInfo StartInfo();

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

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{ProcessId}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"Could not send SIG{signal} to process {ProcessId}.");
        }
    }

    private void Note(object sender, DataReceivedEventArgs e)
    {
        lock (_output)
        {
            _output.AppendLine(e.Data);
        }
    }

    private string Output()
    {
        lock (_output)
        {
            return _output.ToString();
        }
    }
}
