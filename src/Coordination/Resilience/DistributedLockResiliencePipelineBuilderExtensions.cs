using System.Diagnostics.CodeAnalysis;
using Coordination;
using Coordination.Resilience;

namespace Polly;

/// <summary>Adds distributed locks to resilience pipelines.</summary>
public static class DistributedLockResiliencePipelineBuilderExtensions
{
    /// <summary>
    /// Runs what comes after it under a distributed lock. The callback's token is cancelled when the lease is lost; the outcome is then a
    /// <see cref="LeaseLostException"/>. A server out of reach is a <see cref="CoordinationException"/>.
    /// </summary>
    /// <typeparam name="TBuilder">The builder, typed or untyped.</typeparam>
    /// <param name="builder">The pipeline's builder.</param>
    /// <param name="coordinator">Where the locks are.</param>
    /// <param name="lockName">Says which lock an execution takes.</param>
    /// <returns>The builder.</returns>
    public static TBuilder AddDistributedLock<TBuilder>(this TBuilder builder, ICoordinator coordinator, Func<ResilienceContext, string> lockName)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        ArgumentNullException.ThrowIfNull(coordinator);
        ArgumentNullException.ThrowIfNull(lockName);
        return builder.AddDistributedLock(new DistributedLockStrategyOptions { Coordinator = coordinator, LockName = lockName });
    }

    /// <summary>Runs what comes after it under a distributed lock, with options.</summary>
    /// <typeparam name="TBuilder">The builder, typed or untyped.</typeparam>
    /// <param name="builder">The pipeline's builder.</param>
    /// <param name="options">The options.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">An option that is required is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time-out is negative or too long.</exception>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2026", Justification = "Polly's validation looks at the properties of the options, which DynamicDependency keeps.")]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(DistributedLockStrategyOptions))]
    public static TBuilder AddDistributedLock<TBuilder>(this TBuilder builder, DistributedLockStrategyOptions options)
        where TBuilder : ResiliencePipelineBuilderBase
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Timeout != System.Threading.Timeout.InfiniteTimeSpan && (options.Timeout < TimeSpan.Zero || options.Timeout > TimeSpan.FromDays(24)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Timeout, $"{nameof(options.Timeout)} must be from zero to 24 days, or infinite.");
        }

        return builder.AddStrategy(context => new DistributedLockStrategy(options, context.Telemetry), options);
    }

    /// <summary>The lease under which the callback runs: its fencing token goes with each write.</summary>
    /// <param name="context">The execution's context.</param>
    /// <returns>The lease of the innermost lock, or <see langword="null"/> outside of one.</returns>
    public static IFencedLease? GetDistributedLockLease(this ResilienceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Properties.GetValue(DistributedLockStrategy.LeaseKey, null);
    }
}
