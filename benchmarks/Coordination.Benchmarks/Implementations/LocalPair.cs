using System.Runtime.CompilerServices;

namespace Coordination.Benchmarks.Implementations;

/// <summary>The floor of one process: a <see cref="SemaphoreSlim"/>.</summary>
internal sealed class LocalPair : IPair
{
    private readonly SemaphoreSlim _semaphore = new(1);

    public string Name => "SemaphoreSlim";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        await _semaphore.WaitAsync();
        _semaphore.Release();
    }

    public ValueTask DisposeAsync()
    {
        _semaphore.Dispose();
        return default;
    }
}
