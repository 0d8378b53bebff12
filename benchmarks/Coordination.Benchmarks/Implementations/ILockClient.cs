namespace Coordination.Benchmarks.Implementations;

/// <summary>One process's way to locks, over a connection of its own.</summary>
internal interface ILockClient : IAsyncDisposable
{
    /// <summary>Waits for the lock, as long as it takes; disposing what comes releases it.</summary>
    ValueTask<IAsyncDisposable> AcquireAsync(string resource);

    /// <summary>How many requests were made so far to renew what is held, where these can be told apart.</summary>
    long Renewals => 0;
}
