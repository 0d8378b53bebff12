namespace Coordination.Benchmarks.Servers;

/// <summary>The servers of one backend that a run uses: its own, or the user's.</summary>
internal interface IServers : IAsyncDisposable
{
    /// <summary>What they are, for the reader of the figures.</summary>
    string Description { get; }

    /// <summary>How clients find them, those of other processes too.</summary>
    string Connection { get; }

    /// <summary>What clients have sent to all of them so far, by their own counters; <see langword="null"/> where there is no server.</summary>
    Task<long?> RequestsAsync();

    /// <summary>The processor time that all of them took, where that can be told.</summary>
    Task<TimeSpan> ProcessorTimeAsync();
}
