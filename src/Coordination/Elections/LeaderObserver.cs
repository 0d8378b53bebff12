using Coordination.Backends;
using Coordination.Leases;

namespace Coordination.Elections;

/// <summary>
/// Looks at an election each time that something may have changed: when the backend's watch says so, when time alone brings a change (the leader's
/// expiry), and now and then in case a notification was lost. Faults are waited out.
/// </summary>
internal sealed class LeaderObserver(
    Engine engine, string resource, Func<CancellationToken, ValueTask<ResourceSnapshot>> inspect) : IAsyncDisposable
{
    private readonly SemaphoreSlim _changed = new(0, 1);
    private IAsyncDisposable? _watch;
    private TimeSpan? _lookAgainAfter = TimeSpan.Zero;

    /// <summary>The next look.</summary>
    public async ValueTask<ResourceSnapshot> NextAsync(CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken).ConfigureAwait(false);
        return await engine.Retry.ExecuteAsync(
            static async (observer, token) =>
            {
                try
                {
                    return await observer.LookAsync(token).ConfigureAwait(false);
                }
                catch (CoordinationException exception)
                {
                    observer.LogFault(exception);
                    throw;
                }
            },
            this,
            cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is { } watch)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<ResourceSnapshot> LookAsync(CancellationToken cancellationToken)
    {
        // First the watch, then the look: what changes in between is told.
        _watch ??= await engine.AskAsync(
            "watch", resource, (backend, token) => backend.WatchAsync(resource, Changed, token), cancellationToken).ConfigureAwait(false);
        var snapshot = await inspect(cancellationToken).ConfigureAwait(false);

        // No more often than a renewal would be.
        var fallback = engine.Options.LeaseDuration / 3;
        _lookAgainAfter = snapshot.RecheckAfter is { } recheck && recheck < fallback ? MonotonicClock.Bounded(recheck) : fallback;
        return snapshot;
    }

    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_lookAgainAfter is not { } wait || wait <= TimeSpan.Zero)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(wait, engine.Clock.TimeProvider);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token, engine.Disposed);
        try
        {
            await _changed.WaitAsync(any.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look again, or the end of it all.
        }

        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(engine.IsDisposed, typeof(Coordinator));
    }

    private void Changed()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // A look is due already.
        }
    }

    private void LogFault(CoordinationException exception) =>
        engine.Log.ObservationFailed(exception, resource, engine.Backend.Description.Name);
}
