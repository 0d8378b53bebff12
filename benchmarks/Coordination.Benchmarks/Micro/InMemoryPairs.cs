using BenchmarkDotNet.Attributes;
using Coordination.Benchmarks.Implementations;
using Coordination.InMemory;

namespace Coordination.Benchmarks.Micro;

/// <summary>The engine alone: no wire, no server.</summary>
[MemoryDiagnoser]
public class InMemoryPairs
{
    private IPair _ours = null!;

    [GlobalSetup]
    public void Open() => _ours = new CoordinationLock(new InMemoryServer().CreateBackend());

    [GlobalCleanup]
    public async Task CloseAsync() => await _ours.DisposeAsync();

    [Benchmark(Description = "Coordination, in-memory")]
    public ValueTask Ours() => _ours.RunAsync();
}
