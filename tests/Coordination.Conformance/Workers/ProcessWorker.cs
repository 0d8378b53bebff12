using System.Diagnostics;
using System.Threading.Channels;

namespace Coordination.Conformance;

/// <summary>A worker that is a process of its own: <c>dotnet Coordination.Worker.dll BACKEND ENDPOINT DURATION</c>.</summary>
public sealed class ProcessWorker : Worker
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _errors = [];

    private ProcessWorker(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _lines.Writer.TryComplete();
            }
            else
            {
                _lines.Writer.TryWrite(line.Data);
            }
        };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.Add(line.Data ?? "");
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a worker.</summary>
    /// <param name="assembly">The path of Coordination.Worker.dll.</param>
    /// <param name="arguments">The backend's kind, its endpoint, and the leases' duration in milliseconds.</param>
    public static ProcessWorker Start(string assembly, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(assembly);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // Several small processes on few cores: none of them needs a big heap or an optimized start.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new ProcessWorker(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
    }

    public override async ValueTask SendAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    public override async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        if (await _lines.Reader.WaitToReadAsync(cancellationToken) && _lines.Reader.TryRead(out var line))
        {
            return line;
        }

        lock (_errors)
        {
            return _errors.Count == 0 ? null : throw new InvalidOperationException($"The worker ended: {string.Join('\n', _errors)}");
        }
    }

    public override ValueTask PauseAsync() => SignalAsync("STOP");

    public override ValueTask ResumeAsync() => SignalAsync("CONT");

    public override async ValueTask KillAsync()
    {
        _process.Kill(); // SIGKILL
        await _process.WaitForExitAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    // To the process that this object started, by its id.
    private async ValueTask SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
