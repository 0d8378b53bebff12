namespace Coordination.Conformance;

/// <summary>A process that works on the server under test, or what stands for one: it takes commands and says what it does, line by line.</summary>
public abstract class Worker : IAsyncDisposable
{
    /// <summary>Sends a command; see <see cref="WorkerLoop"/>.</summary>
    public abstract ValueTask SendAsync(string command);

    /// <summary>The next line that the worker writes, or null when it has ended.</summary>
    public abstract ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken);

    /// <summary>The process gets no more time, as under SIGSTOP or in a long pause of its garbage collector.</summary>
    public abstract ValueTask PauseAsync();

    /// <summary>It gets time again, and does not know that it was paused.</summary>
    public abstract ValueTask ResumeAsync();

    /// <summary>It dies, as under SIGKILL: it tells nobody.</summary>
    public abstract ValueTask KillAsync();

    public abstract ValueTask DisposeAsync();
}
