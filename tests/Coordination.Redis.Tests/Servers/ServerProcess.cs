using System.Diagnostics;
using System.Text;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A server in a process of its own.</summary>
public abstract class ServerProcess : TestServer
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly StringBuilder _output = new();
    private Process? _process;
    private bool _frozen;

    /// <summary>The process's id.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server does not run.");

    /// <inheritdoc/>
    public override async Task StartAsync()
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

    /// <inheritdoc/>
    public override async Task FreezeAsync()
    {
        await SignalAsync("STOP");
        _frozen = true;

        // The one thread that takes the signal stops the others, once it gets a core: on a loaded machine they serve for a while yet.
        while (!IsStopped())
        {
            await Task.Delay(1);
        }
    }

    /// <inheritdoc/>
    public override async Task ResumeAsync()
    {
        await SignalAsync("CONT");
        _frozen = false;
    }

    /// <inheritdoc/>
    public override async Task KillAsync()
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

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
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

    private bool IsStopped()
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            return Directory.EnumerateDirectories($"/proc/{ProcessId}/task").All(static thread =>
            {
                var stat = File.ReadAllText(Path.Combine(thread, "stat"));
                return stat.AsSpan(stat.LastIndexOf(')') + 2)[0] is 'T' or 't' or 'Z';
            });
        }
        catch (IOException)
        {
            return false; // a thread ended meanwhile
        }
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
