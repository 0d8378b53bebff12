using System.Threading.Channels;
using Coordination;
using Coordination.InMemory;

namespace Quickstart;

/// <summary>
/// A worker as a task of this process. It cannot be killed, but cut off from the server: it goes on as if it still led, until it is
/// told in time that it does not.
/// </summary>
internal sealed class WorkerTask : IWorkerHandle
{
    private readonly InMemoryBackend _connection;
    private readonly Coordinator _coordinator;
    private readonly Worker _worker;
    private readonly ChannelWriter<WorkerEvent> _events;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _killed;

    public WorkerTask(string name, InMemoryBackend connection, bool sabotage, ChannelWriter<WorkerEvent> events)
    {
        Name = name;
        _events = events;
        _connection = connection;
        _coordinator = new Coordinator(connection, Setting.For(name));
        _worker = new Worker(name, sabotage ? new Saboteur(name) : _coordinator, Tell);
        Completion = Task.Run(RunAsync);
    }

    public string Name { get; }

    public string RunsAs => "task";

    public Task<string?> Completion { get; }

    public void Resign()
    {
        Tell(WorkerEvent.Now(Name, EventKind.Resigned));
        _worker.Resign();
    }

    public void Stop() => _stop.Cancel();

    public void Kill()
    {
        _killed = true;
        Tell(WorkerEvent.Now(Name, EventKind.Killed));
        _connection.Disconnect(isBreakSeen: false);
        _ = EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Completion;
    }

    /// <summary>Lets it go on for as long as its lease may last.</summary>
    private async Task EndAsync()
    {
        await Task.Delay(Setting.LeaseDuration);
        await _stop.CancelAsync();
    }

    private async Task<string?> RunAsync()
    {
        try
        {
            await using (_coordinator)
            {
                await _worker.RunAsync(_stop.Token);
            }

            Tell(WorkerEvent.Now(Name, EventKind.Stopped));
            return null;
        }
        catch (Exception exception) when (!_killed)
        {
            return $"worker {Name} failed: {exception}";
        }
    }

    private void Tell(WorkerEvent happened)
    {
        // Whoever is cut off has trouble, of course.
        if (!_killed || happened.Kind is not (EventKind.Trouble or EventKind.Stopped))
        {
            _events.TryWrite(happened);
        }
    }
}
