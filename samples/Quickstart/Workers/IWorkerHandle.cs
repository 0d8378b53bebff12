namespace Quickstart;

/// <summary>A running worker, seen from outside.</summary>
internal interface IWorkerHandle : IAsyncDisposable
{
    string Name { get; }

    /// <summary>What it runs as, for the display: <c>pid 4242</c>.</summary>
    string RunsAs { get; }

    /// <summary>Ends when the worker has ended: null if that was expected, else what went wrong.</summary>
    Task<string?> Completion { get; }

    /// <summary>Asks it to step down, if it leads.</summary>
    void Resign();

    /// <summary>Asks it to stop, in order.</summary>
    void Stop();

    /// <summary>Ends it at once, with all that it holds.</summary>
    void Kill();
}
