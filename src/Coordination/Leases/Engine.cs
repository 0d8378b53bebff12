using Coordination.Backends;
using Coordination.Diagnostics;
using Polly;

namespace Coordination.Leases;

/// <summary>What the parts of the engine share: the backend, the clock, the limits, the sessions, and where to tell what happens.</summary>
internal sealed class Engine : IAsyncDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private int _isDisposed;
    private readonly TaskCompletionSource _disposal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Engine(
        ICoordinationBackend backend, CoordinatorOptions options, TimeProvider timeProvider, CoordinationLog log, CoordinationTelemetry telemetry)
    {
        Disposed = _disposed.Token;
        Backend = backend;
        Options = options;
        Log = log;
        Telemetry = telemetry;
        Clock = new MonotonicClock(timeProvider);
        Limit = new OperationLimit(timeProvider, backend.Description.Name, options.OperationTimeout);
        Retry = Leases.Retry.Create(timeProvider);
        Sessions = new SessionPool(this);
        Maintenance = new Maintenance(this);
    }

    /// <summary>After how long without a claim a shared session is closed: long enough for those who lock now and then.</summary>
    public TimeSpan SessionIdleTime { get; } = TimeSpan.FromMinutes(5);

    public ICoordinationBackend Backend { get; }

    public CoordinatorOptions Options { get; }

    public MonotonicClock Clock { get; }

    public OperationLimit Limit { get; }

    public ResiliencePipeline Retry { get; }

    public SessionPool Sessions { get; }

    public Maintenance Maintenance { get; }

    public CoordinationLog Log { get; }

    public CoordinationTelemetry Telemetry { get; }

    /// <summary>When leases were lost, for those who ask how it goes.</summary>
    public RecentLosses Losses { get; } = new();

    public bool IsDisposed => Volatile.Read(ref _isDisposed) != 0;

    /// <summary>Cancelled when the coordinator is disposed.</summary>
    public CancellationToken Disposed { get; }

    /// <summary>Runs a request that belongs to no session within the operation timeout.</summary>
    public async ValueTask<T> AskAsync<T>(
        string operation, string resource, Func<ICoordinationBackend, CancellationToken, ValueTask<T>> request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, typeof(Coordinator));
        using var limit = Limit.Begin(cancellationToken);
        try
        {
            return await request(Backend, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            throw limit.TimeoutError(operation, resource, exception);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _ = DisposeCoreAsync();
        }

        return new ValueTask(_disposal.Task);
    }

    private async Task DisposeCoreAsync()
    {
        try
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
            Maintenance.Dispose();
            await Sessions.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.Unexpected(exception, "dispose");
        }

        try
        {
            // A driver that hangs while it closes does not hang the application.
            await Backend.DisposeAsync().AsTask().WaitAsync(Limit.Timeout, Clock.TimeProvider).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.Unexpected(exception, "dispose backend");
        }

        Telemetry.Dispose();
        _disposed.Dispose();
        _disposal.SetResult();
    }
}
