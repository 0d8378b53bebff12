using System.Diagnostics;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Real;

/// <summary>This program again, as another process, which tells lines of JSON.</summary>
internal class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _errors = [];
    private readonly Task _reading;

    /// <summary>Starts it.</summary>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="hear">Called with each line that it tells.</param>
    /// <param name="environment">What its environment has besides this process's.</param>
    protected ChildProcess(IEnumerable<string> arguments, Action<string> hear, params IEnumerable<(string Name, string Value)> environment)
    {
        // Hosted by dotnet or not, the first argument is this program's assembly.
        var start = new ProcessStartInfo("dotnet", [Environment.GetCommandLineArgs()[0], .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("Could not start dotnet.");
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.Add(line.Data ?? "");
            }
        };
        _process.BeginErrorReadLine();
        _reading = Task.Run(() => ReadAsync(hear));
    }

    public static ChildProcess StartRegister(SharedClock clock, int port, Action<Event> record) =>
        new(["register", "--origin", $"{clock.Origin}", "--port", $"{port}"], line => record(EventLines.Read(line)));

    /// <summary>What it said when it failed.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join('\n', _errors).Trim();
            }
        }
    }

    /// <summary>Over when it has ended, or was killed, and all that it told was heard.</summary>
    protected Task Ended => _reading;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public async Task TellAsync(string line)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // It is dead.
        }
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
    }

    /// <summary>Waits until it has ended by itself, and read to the end what it told.</summary>
    public async Task WaitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync().WaitAsync(limit);
        await _reading;
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task ReadAsync(Action<string> hear)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            // The last line of one that was killed may be cut short.
            if (line.EndsWith('}'))
            {
                hear(line);
            }
        }
    }
}
