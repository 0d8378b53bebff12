using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Coordination.Backends;

namespace Coordination.Benchmarks.Implementations;

/// <summary>Ours, over any backend, with the options as they come.</summary>
internal sealed class CoordinationLock : IPair, ILockClient
{
    private readonly ConcurrentDictionary<string, IDistributedLock> _locks = new(StringComparer.Ordinal);
    private readonly RenewalCounter _renewals = new();
    private readonly Coordinator _coordinator;
    private readonly IDistributedLock _uncontended;

    public CoordinationLock(ICoordinationBackend backend)
    {
        _coordinator = new Coordinator(backend);
        Name = $"Coordination, {backend.Description.Name}";
        _uncontended = _coordinator.CreateLock("benchmark/uncontended");
    }

    public string Name { get; }

    public long Renewals => _renewals.Count;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await using var lease = await _uncontended.AcquireAsync();
    }

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource) =>
        await _locks.GetOrAdd(resource, static (name, coordinator) => coordinator.CreateLock(name), _coordinator).AcquireAsync();

    public async ValueTask DisposeAsync()
    {
        await _coordinator.DisposeAsync();
        _renewals.Dispose();
    }
}
