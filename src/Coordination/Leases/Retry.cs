using Polly;
using Polly.Retry;

namespace Coordination.Leases;

/// <summary>How transient faults are retried: soon, then ever less often, with jitter, until the caller's token says stop.</summary>
internal static class Retry
{
    public static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait after so many failures in a row, for those that do not wait in a pipeline.</summary>
    public static TimeSpan DelayAfter(int failures)
    {
        var delay = FirstDelay * Math.Pow(2, Math.Min(failures - 1, 10));
        return delay < MaxDelay ? delay : MaxDelay;
    }

    public static ResiliencePipeline Create(TimeProvider timeProvider) =>
        new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is CoordinationException { IsTransient: true }),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstDelay,
                MaxDelay = MaxDelay,
            })
            .Build();
}
