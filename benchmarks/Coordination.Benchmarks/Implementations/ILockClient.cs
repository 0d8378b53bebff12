namespace Coordination.Benchmarks.Implementations;

/// <summary>One process's way to locks, reader-writer locks or semaphores, over a connection of its own.</summary>
internal interface ILockClient : IAsyncDisposable
{
    /// <summary>Waits for the resource; disposing what comes releases it.</summary>
    /// <param name="resource">Its name.</param>
    /// <param name="mode">A lock or a writer, a reader, or a permit.</param>
    /// <param name="cancellationToken">Ends the waiting, with <see cref="OperationCanceledException"/>.</param>
    ValueTask<IAsyncDisposable> AcquireAsync(string resource, ClaimMode mode, CancellationToken cancellationToken);
}
