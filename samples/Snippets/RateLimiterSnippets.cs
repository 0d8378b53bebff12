using System.Net;
using System.Threading.RateLimiting;
using Coordination.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Snippets;

internal static class RateLimiterSnippets
{
    public static void Middleware(WebApplicationBuilder builder, Func<Task<string>> makeReportAsync)
    {
        // snippet: limiter-aspnet
        builder.Services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.AddPolicy("reports", context => RateLimitPartition.Get("reports", _ =>
                context.RequestServices.GetRequiredService<ICoordinator>().CreateSemaphore("reports", maxCount: 3).AsRateLimiter(queueLimit: 20)));
        });

        var app = builder.Build();
        app.UseRateLimiter();
        app.MapGet("/report", makeReportAsync).RequireRateLimiting("reports"); // three at a time, over all instances
        // end
    }

    public static void Unavailable(WebApplication app)
    {
        // snippet: limiter-unavailable
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = exception => exception is CoordinationException { IsTransient: true }
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status500InternalServerError,
        });
        // end
    }

    // snippet: limiter-http
    public sealed class LimitedHandler(RateLimiter limiter) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
        {
            using var lease = await limiter.AcquireAsync(1, ct);
            return lease.IsAcquired ? await base.SendAsync(request, ct) : new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        }
    }
    // end

    public static async Task Loss(RateLimiter limiter, Func<CancellationToken, Task> workAsync, CancellationToken ct)
    {
        // snippet: limiter-loss
        using var lease = await limiter.AcquireAsync(1, ct);
        if (lease.TryGetMetadata(SemaphoreRateLimitMetadata.Permit, out var permit) && permit is not null)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, permit.Lost);
            await workAsync(either.Token);
        }
        // end
    }
}
