using System.Diagnostics;
using System.Runtime.CompilerServices;
using Coordination.Diagnostics;

namespace Coordination.Leases;

/// <summary>What all fronts (locks, semaphores, elections) do: check, acquire with telemetry, wrap the claim into a lease.</summary>
internal sealed class LeaseSource(Engine engine, ClaimTemplate template)
{
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    public string Name => template.Resource;

    public ClaimTemplate Template => template;

    /// <summary>Waits without end: what comes is never <see langword="null"/>.</summary>
    public ValueTask<TLease> AcquireAsync<TLease>(Func<Claim, TLease> wrap, CancellationToken cancellationToken)
        where TLease : class =>
        TryAcquireAsync(Timeout.InfiniteTimeSpan, wrap, cancellationToken)!;

    public ValueTask<TLease?> TryAcquireAsync<TLease>(TimeSpan timeout, Func<Claim, TLease> wrap, CancellationToken cancellationToken)
        where TLease : class
    {
        if (timeout != Timeout.InfiniteTimeSpan && (timeout < TimeSpan.Zero || timeout > MaxTimeout))
        {
            throw new ArgumentOutOfRangeException(
                nameof(timeout), timeout, $"A time-out must be from zero to {MaxTimeout.Days} days, or infinite.");
        }

        ObjectDisposedException.ThrowIf(engine.IsDisposed, typeof(Coordinator));
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<TLease?>(cancellationToken)
            : AcquireCoreAsync(timeout, wrap, cancellationToken);
    }

    public async ValueTask<TLease> AttachAsync<TLease>(string ticket, Func<Claim, TLease> wrap, CancellationToken cancellationToken)
    {
        var start = engine.Clock.Now;
        try
        {
            var claim = await Attachment.RunAsync(engine, template, ticket, cancellationToken).ConfigureAwait(false);
            engine.Telemetry.Acquired(template, claim, engine.Clock.Now - start, activity: null, CoordinationTelemetry.Outcome.Acquired);
            return wrap(claim);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TLease?> AcquireCoreAsync<TLease>(TimeSpan timeout, Func<Claim, TLease> wrap, CancellationToken cancellationToken)
        where TLease : class
    {
        var start = engine.Clock.Now;
        using var activity = engine.Telemetry.StartAcquire(template);
        var outcome = CoordinationTelemetry.Outcome.Failed;
        Claim? claim = null;
        try
        {
            claim = await new Acquisition(engine, template, timeout, cancellationToken).RunAsync().ConfigureAwait(false);
            outcome = claim is null ? CoordinationTelemetry.Outcome.TimedOut : CoordinationTelemetry.Outcome.Acquired;
            return claim is null ? null : wrap(claim);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            outcome = CoordinationTelemetry.Outcome.Cancelled;
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
        finally
        {
            engine.Telemetry.Acquired(template, claim, engine.Clock.Now - start, activity, outcome);
        }
    }
}
