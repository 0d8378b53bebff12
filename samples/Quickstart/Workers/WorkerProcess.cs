using System.Diagnostics;
using System.Threading.Channels;

namespace Quickstart;

/// <summary>A worker in a process of its own: this program again, with a hidden first argument.</summary>
internal sealed class WorkerProcess : IWorkerHandle
{
    public const string Command = "worker";

    private readonly Process _process;
    private readonly ChannelWriter<WorkerEvent> _events;
    private volatile bool _killed;

    public WorkerProcess(string name, ServerBackend backend, string server, string prefix, bool sabotage, ChannelWriter<WorkerEvent> events)
    {
        Name = name;
        _events = events;
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            // Started as `dotnet Quickstart.dll`.
            start.ArgumentList.Add(typeof(WorkerProcess).Assembly.Location);
        }

        foreach (var argument in (string[])[Command, name, backend.Option, server, prefix, sabotage.ToString()])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new QuickstartException($"Worker {name} could not be started.");
        Completion = FollowAsync();
    }

    public string Name { get; }

    public string RunsAs => $"pid {_process.Id}";

    public Task<string?> Completion { get; }

    public void Resign()
    {
        _events.TryWrite(WorkerEvent.Now(Name, EventKind.Resigned));
        Send(WorkerProgram.Resign);
    }

    public void Stop() => Send(WorkerProgram.Stop);

    public void Kill()
    {
        _killed = true;
        _events.TryWrite(WorkerEvent.Now(Name, EventKind.Killed));
        _process.Kill();
    }

    /// <summary>Whatever happens, no process stays behind.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Completion.IsCompleted)
        {
            _process.Kill();
        }

        await ((Task)Completion).WaitAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
    }

    private void Send(string command)
    {
        try
        {
            _process.StandardInput.WriteLine(command);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended already; Completion says how.
        }
    }

    private async Task<string?> FollowAsync()
    {
        var errors = _process.StandardError.ReadToEndAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (WorkerEvent.TryParse(Name, line, out var happened))
            {
                _events.TryWrite(happened);
            }
        }

        await _process.WaitForExitAsync();
        return _killed || _process.ExitCode == 0
            ? null
            : $"worker {Name} ended with exit code {_process.ExitCode}: {(await errors).Trim()}";
    }
}
