using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Micro;

/// <summary>The engine alone: no wire, no server.</summary>
public class InMemoryPairs : BackendPairs
{
    internal override Backend Backend => BackendCatalog.InMemory;
}
