namespace Coordination.Benchmarks.Servers;

/// <summary>No server: coordination within one process.</summary>
internal sealed class InMemoryTarget : IServers
{
    public string Description => "in-memory: no server, one process";

    public string Connection => "";

    public Task<long?> RequestsAsync() => Task.FromResult<long?>(null);

    public Task<TimeSpan> ProcessorTimeAsync() => Task.FromResult(TimeSpan.Zero);

    public ValueTask DisposeAsync() => default;
}
