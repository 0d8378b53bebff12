using System.Collections.Concurrent;

namespace Coordination.Benchmarks.Implementations;

/// <summary>The floor of one process: a <see cref="SemaphoreSlim"/> a name.</summary>
internal sealed class LocalLock(int permits) : ILockClient
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _semaphores = new(StringComparer.Ordinal);

    public async ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken)
    {
        var semaphore = _semaphores.GetOrAdd(resource, static (_, count) => new SemaphoreSlim(count), permits);
        await semaphore.WaitAsync(cancellationToken);
        return new Held(semaphore);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var semaphore in _semaphores.Values)
        {
            semaphore.Dispose();
        }

        return default;
    }

    private sealed class Held(SemaphoreSlim semaphore) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            semaphore.Release();
            return default;
        }
    }
}
