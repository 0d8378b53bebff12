using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>Backends that coordinate between processes, and who runs on them.</summary>
internal static class ProcessBackends
{
    /// <exception cref="UsageException">One is unknown, or within one process.</exception>
    public static IReadOnlyList<(Backend Backend, IReadOnlyList<Implementation> Implementations)> Choose(CompareSettings settings)
    {
        var backends = settings.Backend == "all" ? BackendCatalog.All.Where(static backend => backend.Store != Store.InMemory) : BackendCatalog.Choose(settings.Backend);
        return [.. backends.Select(backend => backend.Store == Store.InMemory
            ? throw new UsageException("memory coordinates within one process; this command needs two.")
            : (backend, Catalog.Choose(settings.Implementation, backend)))];
    }
}
