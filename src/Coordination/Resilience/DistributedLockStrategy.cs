using Polly;
using Polly.Telemetry;
using Polly.Timeout;

namespace Coordination.Resilience;

/// <summary>Takes the lock, runs the callback under a token that ends with the lease, and releases. Faults are outcomes: strategies around it can handle them.</summary>
internal sealed class DistributedLockStrategy(DistributedLockStrategyOptions options, ResilienceStrategyTelemetry telemetry) : ResilienceStrategy
{
    private static readonly ResilienceEvent Rejected = new(ResilienceEventSeverity.Error, "OnLockRejected");
    private static readonly ResilienceEvent Lost = new(ResilienceEventSeverity.Error, "OnLeaseLost");

    internal static ResiliencePropertyKey<IFencedLease?> LeaseKey { get; } = new("Coordination.Lease");

    // Not a pooled ValueTask: Polly's synchronous executions block on it.
    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        string name;
        IFencedLease? lease;
        try
        {
            name = options.LockName!(context);
            lease = await options.Coordinator!.CreateLock(name, options.Lease).TryAcquireAsync(options.Timeout, context.CancellationToken)
                .ConfigureAwait(context.ContinueOnCapturedContext);
        }
#pragma warning disable CA1031 // An exception of a strategy is an outcome, for the strategies around it to handle.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Outcome.FromException<TResult>(exception);
        }

        if (lease is null)
        {
            return await RejectAsync<TResult>(name, context).ConfigureAwait(context.ContinueOnCapturedContext);
        }

        await using (lease.ConfigureAwait(context.ContinueOnCapturedContext))
        {
            return await RunAsync(lease, callback, context, state).ConfigureAwait(context.ContinueOnCapturedContext);
        }
    }

    private async ValueTask<Outcome<TResult>> RunAsync<TResult, TState>(
        IFencedLease lease, Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        var outer = context.Properties.GetValue(LeaseKey, null);
        context.Properties.Set(LeaseKey, lease);
        Outcome<TResult> outcome;
        try
        {
            outcome = await LossClock.ExecuteAsync(lease, callback, context, state).ConfigureAwait(context.ContinueOnCapturedContext);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = Outcome.FromException<TResult>(exception);
        }
        finally
        {
            context.Properties.Set(LeaseKey, outer);
        }

        if (lease.State == LeaseState.Lost)
        {
            var arguments = new OnLeaseLostArguments(context, lease.Name, lease.FencingToken);
            telemetry.Report(Lost, context, arguments);
            if (options.OnLost is { } onLost)
            {
                await onLost(arguments).ConfigureAwait(context.ContinueOnCapturedContext);
            }
        }

        // From a time-out strategy inside of this one it comes with the lease still held.
        return outcome.Exception is TimeoutRejectedException or OperationCanceledException
            && lease.State == LeaseState.Lost && !context.CancellationToken.IsCancellationRequested
            ? Outcome.FromException<TResult>(new LeaseLostException(
                $"The lease on '{lease.Name}' was lost while the callback ran; the callback was cancelled. Run it again.", outcome.Exception))
            : outcome;
    }

    private async ValueTask<Outcome<TResult>> RejectAsync<TResult>(string name, ResilienceContext context)
    {
        var arguments = new OnLockRejectedArguments(context, name, options.Timeout);
        telemetry.Report(Rejected, context, arguments);
        if (options.OnRejected is { } onRejected)
        {
            await onRejected(arguments).ConfigureAwait(context.ContinueOnCapturedContext);
        }

        var exception = new DistributedLockRejectedException(name, options.Timeout);
        telemetry.SetTelemetrySource(exception);
        return Outcome.FromException<TResult>(exception);
    }
}
