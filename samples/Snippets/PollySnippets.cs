using Coordination.Resilience;
using Polly;
using Polly.Retry;

namespace Snippets;

internal static class PollySnippets
{
    // snippet: polly-key
    private static readonly ResiliencePropertyKey<int> InvoiceId = new("invoice");
    // end

    public static ResiliencePipeline Build(ICoordinator coordinator)
    {
        // snippet: polly-add
        var pipeline = new ResiliencePipelineBuilder()
            .AddTimeout(TimeSpan.FromSeconds(30))                                                   // of everything, the wait too
            .AddRetry(new RetryStrategyOptions { ShouldHandle = new PredicateBuilder().Handle<LeaseLostException>() })
            .AddDistributedLock(coordinator, context => $"invoice/{context.Properties.GetValue(InvoiceId, 0)}")
            .Build();
        // end
        return pipeline;
    }

    public static async Task Execute(ResiliencePipeline pipeline, IInvoiceStore store, Invoice invoice, CancellationToken ct)
    {
        // snippet: polly-execute
        var context = ResilienceContextPool.Shared.Get(ct);
        context.Properties.Set(InvoiceId, invoice.Id);
        await pipeline.ExecuteAsync(
            async context =>
            {
                var lease = context.GetDistributedLockLease()!;
                await store.SaveAsync(invoice, lease.FencingToken, context.CancellationToken); // cancelled on loss
            },
            context);
        ResilienceContextPool.Shared.Return(context);
        // end
    }

    public static ResiliencePipeline Options(ICoordinator coordinator, Action<string> log)
    {
        // snippet: polly-options
        var pipeline = new ResiliencePipelineBuilder()
            .AddDistributedLock(new DistributedLockStrategyOptions
            {
                Coordinator = coordinator,
                LockName = _ => "nightly-report",
                Timeout = TimeSpan.Zero, // whoever comes second does not wait
                Lease = new LeaseOptions { Duration = TimeSpan.FromSeconds(10) },
                OnRejected = arguments =>
                {
                    log($"another instance holds '{arguments.LockName}'");
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
        // end
        return pipeline;
    }

    public static ResiliencePipeline Limit(ICoordinator coordinator)
    {
        // snippet: polly-semaphore
        var pipeline = new ResiliencePipelineBuilder()
            .AddRateLimiter(coordinator.CreateSemaphore("mail-gateway", maxCount: 4).AsRateLimiter(queueLimit: 100))
            .Build();
        // end
        return pipeline;
    }
}
