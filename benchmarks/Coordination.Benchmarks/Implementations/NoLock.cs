namespace Coordination.Benchmarks.Implementations;

/// <summary>Lets everybody in.</summary>
internal sealed class NoLock : ILockClient, IAsyncDisposable
{
    public ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken) => new(this);

    public ValueTask DisposeAsync() => default;
}
