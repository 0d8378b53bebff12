using System.Threading.RateLimiting;

namespace Coordination.RateLimiting;

/// <summary>One permit of a distributed semaphore a call.</summary>
internal sealed class SemaphoreRateLimiter(IDistributedSemaphore semaphore, int queueLimit, TimeProvider time) : RateLimiter
{
    private readonly SemaphoreRateLimitLease _notAsked = new(
        $"'{semaphore.Name}' is a distributed semaphore: its server cannot be asked without waiting for it. Use AcquireAsync.");

    private readonly SemaphoreRateLimitLease _refused = new($"Others hold all {semaphore.MaxCount} permits of '{semaphore.Name}'.");
    private readonly SemaphoreRateLimitLease _closed = new($"The rate limiter of '{semaphore.Name}' was disposed.");
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();
    private bool _isDisposed;
    private int _calls;
    private int _queued;
    private int _held;
    private long _failed;
    private long _successful;
    private long _idleSince = time.GetTimestamp();

    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_lock)
            {
                return _held + _calls > 0 ? null : time.GetElapsedTime(_idleSince);
            }
        }
    }

    public override RateLimiterStatistics GetStatistics()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RateLimiter));
            return new RateLimiterStatistics
            {
                // What others hold it does not know.
                CurrentAvailablePermits = semaphore.MaxCount - _held,
                CurrentQueuedCount = _queued,
                TotalFailedLeases = _failed,
                TotalSuccessfulLeases = _successful,
            };
        }
    }

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        Check(permitCount);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RateLimiter));
        }

        return _notAsked;
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        Check(permitCount);
        cancellationToken.ThrowIfCancellationRequested();
        var mayQueue = Begin();
        try
        {
            var permit = await AcquireAsync(mayQueue, cancellationToken).ConfigureAwait(false);
            if (permit is not null && permitCount == 0)
            {
                // The question was only whether there is one.
                await permit.DisposeAsync().ConfigureAwait(false);
                return Count(new SemaphoreRateLimitLease());
            }

            return permit is null ? CountRefusal(_refused) : Hold(permit);
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return CountRefusal(_closed);
        }
        finally
        {
            End(mayQueue);
        }
    }

    protected override void Dispose(bool disposing)
    {
        Close();
        base.Dispose(disposing);
    }

    protected override ValueTask DisposeAsyncCore()
    {
        Close();
        return base.DisposeAsyncCore();
    }

    /// <summary>Refuses those that wait.</summary>
    private void Close()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _disposed.Cancel();
    }

    private async ValueTask<ILease?> AcquireAsync(bool mayQueue, CancellationToken cancellationToken)
    {
        if (!mayQueue)
        {
            return await semaphore.TryAcquireAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
        try
        {
            return await semaphore.AcquireAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    private static void Check(int permitCount)
    {
        if (permitCount > 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(permitCount), permitCount, "A distributed semaphore hands out one permit a call: several together could wait for one another for ever.");
        }
    }

    /// <summary>Begins a call.</summary>
    /// <returns>Whether it may wait.</returns>
    private bool Begin()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RateLimiter));
            _calls++;
            if (_queued >= queueLimit)
            {
                return false;
            }

            _queued++;
            return true;
        }
    }

    private void End(bool mayQueue)
    {
        lock (_lock)
        {
            _calls--;
            _queued -= mayQueue ? 1 : 0;
            _idleSince = time.GetTimestamp();
        }
    }

    private SemaphoreRateLimitLease Count(SemaphoreRateLimitLease lease)
    {
        lock (_lock)
        {
            _successful++;
        }

        return lease;
    }

    private SemaphoreRateLimitLease CountRefusal(SemaphoreRateLimitLease lease)
    {
        lock (_lock)
        {
            _failed++;
        }

        return lease;
    }

    private SemaphoreRateLimitLease Hold(ILease permit)
    {
        lock (_lock)
        {
            _held++;
        }

        return Count(new SemaphoreRateLimitLease(this, permit));
    }

    internal void GiveBack(ILease permit)
    {
        lock (_lock)
        {
            _held--;
            _idleSince = time.GetTimestamp();
        }

        // A rate limiter's leases are disposed synchronously. This does not throw for a fault of the server, and is finished in the background.
        _ = permit.DisposeAsync().AsTask();
    }
}
