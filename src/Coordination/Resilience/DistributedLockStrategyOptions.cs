using System.ComponentModel.DataAnnotations;
using Polly;

namespace Coordination.Resilience;

/// <summary>The settings of the Polly strategy that runs a callback under a distributed lock.</summary>
public sealed class DistributedLockStrategyOptions : ResilienceStrategyOptions
{
    /// <summary>Makes options with their defaults.</summary>
    public DistributedLockStrategyOptions() => Name = "DistributedLock";

    /// <summary>Where the locks are.</summary>
    /// <value>Required.</value>
    [Required]
    public ICoordinator? Coordinator { get; set; }

    /// <summary>Says which lock an execution takes: <c>context => $"invoice/{context.Properties.GetValue(InvoiceKey, 0)}"</c>.</summary>
    /// <value>Required. It is called once an execution, before anything is sent.</value>
    [Required]
    public Func<ResilienceContext, string>? LockName { get; set; }

    /// <summary>How long an execution queues for the lock before it is rejected with <see cref="DistributedLockRejectedException"/>.</summary>
    /// <value>
    /// From zero (one round trip, never queues) to 24 days. The default is <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: it waits until the execution is cancelled, as by
    /// a time-out strategy around this one.
    /// </value>
    public TimeSpan Timeout { get; set; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>The leases' options.</summary>
    /// <value><see langword="null"/>, the default, takes the coordinator's.</value>
    public LeaseOptions? Lease { get; set; }

    /// <summary>Called when others held the lock until <see cref="Timeout"/> was up. The event <c>OnLockRejected</c> is reported besides.</summary>
    /// <value>The default is <see langword="null"/>.</value>
    public Func<OnLockRejectedArguments, ValueTask>? OnRejected { get; set; }

    /// <summary>
    /// Called when the lease was lost while the callback ran, after the callback has ended. The event <c>OnLeaseLost</c> is reported besides.
    /// </summary>
    /// <value>The default is <see langword="null"/>.</value>
    public Func<OnLeaseLostArguments, ValueTask>? OnLost { get; set; }
}

/// <summary>What <see cref="DistributedLockStrategyOptions.OnRejected"/> is told.</summary>
/// <param name="Context">The execution.</param>
/// <param name="LockName">The lock.</param>
/// <param name="Timeout">How long it was waited for.</param>
public readonly record struct OnLockRejectedArguments(ResilienceContext Context, string LockName, TimeSpan Timeout);

/// <summary>What <see cref="DistributedLockStrategyOptions.OnLost"/> is told.</summary>
/// <param name="Context">The execution.</param>
/// <param name="LockName">The lock.</param>
/// <param name="FencingToken">The token of the lease that was lost.</param>
public readonly record struct OnLeaseLostArguments(ResilienceContext Context, string LockName, FencingToken FencingToken);
