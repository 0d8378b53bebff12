using Polly;
using Polly.Timeout;

namespace Coordination.Resilience;

/// <summary>
/// Cancels an execution when a lease is lost. Polly lets nobody but its own strategies change the token of a context, so this is its time-out strategy, on a
/// clock whose only timer fires at the loss: the callback keeps its context, and gets a token that ends with the lease or with the caller's.
/// </summary>
internal sealed class LossClock : TimeProvider
{
    // Flows into the callback too, where nobody asks for it.
    private static readonly AsyncLocal<ILease?> Current = new();

    private static readonly ResiliencePipeline Pipeline = new ResiliencePipelineBuilder { TimeProvider = new LossClock() }
        .AddTimeout(TimeSpan.FromDays(1)) // not looked at
        .Build();

    /// <summary>Runs a callback until it ends; when the lease is lost meanwhile and the callback stops for it, the outcome is <see cref="TimeoutRejectedException"/>.</summary>
    public static ValueTask<Outcome<TResult>> ExecuteAsync<TResult, TState>(
        ILease lease, Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        Current.Value = lease;
        return Pipeline.ExecuteOutcomeAsync(callback, context, state);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        Current.Value is { } lease ? new LossTimer(callback, state, lease.Lost) : base.CreateTimer(callback, state, dueTime, period);

    private sealed class LossTimer(TimerCallback callback, object? state, CancellationToken lost) : ITimer
    {
        private readonly CancellationTokenRegistration _registration = lost.UnsafeRegister(_ => callback(state), null);

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        // Not Dispose, which waits for callbacks that may be waiting for the execution.
        public void Dispose() => _registration.Unregister();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
