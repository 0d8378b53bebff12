using System.Net;
using System.Threading.RateLimiting;
using Coordination.InMemory;
using Coordination.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.RateLimiting;

namespace Coordination.Ecosystem.Tests.RateLimiting;

/// <summary>A semaphore as a rate limiter: by the contract of its base class, and in the frameworks that take one.</summary>
public sealed class SemaphoreRateLimiterTests : IAsyncDisposable
{
    private readonly InMemoryServer _server = new();
    private readonly Coordinator _coordinator;
    private readonly Coordinator _other;

    public SemaphoreRateLimiterTests()
    {
        _coordinator = new Coordinator(_server.CreateBackend());
        _other = new Coordinator(_server.CreateBackend());
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _coordinator.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task It_limits_over_all_processes_and_disposing_a_lease_gives_its_permit_back()
    {
        await using var here = _coordinator.CreateSemaphore("x", 2).AsRateLimiter();
        await using var there = _other.CreateSemaphore("x", 2).AsRateLimiter();
        var first = await here.AcquireAsync(1, Ct);
        using var second = await there.AcquireAsync(1, Ct);
        using var refused = await there.AcquireAsync(1, Ct);

        Assert.True(first.IsAcquired && second.IsAcquired);
        Assert.False(refused.IsAcquired);
        Assert.True(refused.TryGetMetadata(MetadataName.ReasonPhrase, out var reason));
        Assert.Contains("'x'", reason, StringComparison.Ordinal);
        Assert.True(first.TryGetMetadata(SemaphoreRateLimitMetadata.Permit, out var permit) && permit is not null);
        Assert.Equal(LeaseState.Held, permit!.State);

        first.Dispose();
        first.Dispose();
        await EventuallyAsync(async () =>
        {
            using var lease = await there.AcquireAsync(1, Ct);
            return lease.IsAcquired;
        });
        Assert.Equal(LeaseState.Released, permit.State);
    }

    [Fact]
    public async Task The_synchronous_attempt_sends_nothing_gets_nothing_and_is_not_counted()
    {
        await using var limiter = _coordinator.CreateSemaphore("x", 2).AsRateLimiter();
        _server.Freeze(); // a call that asked would hang

        using var lease = limiter.AttemptAcquire();

        Assert.False(lease.IsAcquired);
        Assert.Equal(0, limiter.GetStatistics()!.TotalFailedLeases);
        Assert.Equal(0, Enum.GetValues<InMemoryOperation>().Sum(_server.CountOf));
        _server.Thaw();
    }

    [Fact]
    public async Task More_than_one_permit_is_refused_and_none_asks_whether_there_is_one()
    {
        await using var limiter = _coordinator.CreateSemaphore("x", 1).AsRateLimiter();

        Assert.Throws<ArgumentOutOfRangeException>("permitCount", () => limiter.AttemptAcquire(2));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>("permitCount", async () => await limiter.AcquireAsync(2, Ct));
        using (var any = await limiter.AcquireAsync(0, Ct))
        {
            Assert.True(any.IsAcquired);
        }

        using var held = await limiter.AcquireAsync(1, Ct);
        Assert.True(held.IsAcquired);
        using var none = await limiter.AcquireAsync(0, Ct);
        Assert.False(none.IsAcquired);
        Assert.Throws<ArgumentOutOfRangeException>("queueLimit", () => _coordinator.CreateSemaphore("x", 1).AsRateLimiter(-1));
    }

    [Fact]
    public async Task As_many_wait_as_the_queue_limit_allows_and_the_statistics_tell()
    {
        await using var limiter = _coordinator.CreateSemaphore("x", 1).AsRateLimiter(queueLimit: 1);
        var held = await limiter.AcquireAsync(1, Ct);
        var waiting = limiter.AcquireAsync(1, Ct).AsTask();
        await EventuallyAsync(async () => (await _other.InspectAsync("x", Ct)).Waiters.Count == 1);
        using var refused = await limiter.AcquireAsync(1, Ct);

        Assert.False(refused.IsAcquired);
        var statistics = limiter.GetStatistics()!;
        Assert.Equal((0, 1, 1, 1), (statistics.CurrentAvailablePermits, statistics.CurrentQueuedCount, statistics.TotalFailedLeases, statistics.TotalSuccessfulLeases));

        held.Dispose();
        using var next = await waiting;
        Assert.True(next.IsAcquired);
        statistics = limiter.GetStatistics()!;
        Assert.Equal((0, 0, 1, 2), (statistics.CurrentAvailablePermits, statistics.CurrentQueuedCount, statistics.TotalFailedLeases, statistics.TotalSuccessfulLeases));
    }

    [Fact]
    public async Task A_cancelled_wait_carries_the_callers_token_and_a_disposed_limiter_refuses_those_that_wait()
    {
        await using var held = await _other.CreateSemaphore("x", 1).AcquireAsync(Ct);
        var limiter = _coordinator.CreateSemaphore("x", 1).AsRateLimiter(queueLimit: 2);
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var cancelled = limiter.AcquireAsync(1, caller.Token).AsTask();
        var waiting = limiter.AcquireAsync(1, Ct).AsTask();
        await EventuallyAsync(async () => (await _other.InspectAsync("x", Ct)).Waiters.Count == 2);

        await caller.CancelAsync();
        Assert.Equal(caller.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled)).CancellationToken);
        await limiter.DisposeAsync();
        using var refused = await waiting;

        Assert.False(refused.IsAcquired);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await limiter.AcquireAsync(1, Ct));
        Assert.Throws<ObjectDisposedException>(() => limiter.AttemptAcquire());
        Assert.Throws<ObjectDisposedException>(() => limiter.GetStatistics());
        await EventuallyAsync(async () => (await _other.InspectAsync("x", Ct)).Waiters.Count == 0);
    }

    [Fact]
    public async Task It_is_idle_from_the_last_permit_on_by_the_given_clock()
    {
        var time = new FakeTimeProvider();
        await using var limiter = _coordinator.CreateSemaphore("x", 1).AsRateLimiter(0, time);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(5), limiter.IdleDuration);
        var lease = await limiter.AcquireAsync(1, Ct);
        Assert.Null(limiter.IdleDuration);
        lease.Dispose();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), limiter.IdleDuration);
    }

    [Fact]
    public async Task A_server_out_of_reach_is_neither_a_permit_nor_a_refusal_and_leaves_no_caller_behind()
    {
        var backend = _server.CreateBackend();
        await using var coordinator = new Coordinator(backend);
        await using var limiter = coordinator.CreateSemaphore("x", 1).AsRateLimiter(queueLimit: 1);
        backend.Disconnect(isBreakSeen: true);

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await limiter.AcquireAsync(1, Ct));

        Assert.True(fault.IsTransient);
        var statistics = limiter.GetStatistics()!;
        Assert.Equal((1, 0, 0, 0), (statistics.CurrentAvailablePermits, statistics.CurrentQueuedCount, statistics.TotalFailedLeases, statistics.TotalSuccessfulLeases));
        Assert.NotNull(limiter.IdleDuration);
    }

    [Fact]
    public async Task A_partition_is_idle_once_its_permit_is_given_back()
    {
        var time = new FakeTimeProvider();
        var idle = _coordinator.CreateSemaphore("x", 1).AsRateLimiter(0, time);
        await using var partitions = PartitionedRateLimiter.Create<string, string>(_ => RateLimitPartition.Get("x", _ => idle));
        using (var lease = await partitions.AcquireAsync("anybody", 1, Ct))
        {
            Assert.True(lease.IsAcquired);
            time.Advance(TimeSpan.FromMinutes(1));
            Assert.Null(idle.IdleDuration); // the framework asks this, and drops after ten seconds
        }

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(1), idle.IdleDuration);
    }

    [Fact]
    public async Task ASP_NET_Core_limits_requests_by_it()
    {
        var inside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leave = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ICoordinator>(_coordinator);
        builder.Services.AddRateLimiter(static options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.AddPolicy("reports", static context => RateLimitPartition.Get("reports", _ =>
                context.RequestServices.GetRequiredService<ICoordinator>().CreateSemaphore("reports", maxCount: 1).AsRateLimiter()));
        });
        await using var app = builder.Build();
        app.UseRateLimiter();
        app.MapGet("/report", async () =>
        {
            inside.TrySetResult();
            await leave.Task;
            return "done";
        }).RequireRateLimiting("reports");
        await app.StartAsync(Ct);
        using var client = app.GetTestClient();

        var first = client.GetAsync(new Uri("/report", UriKind.Relative), Ct);
        await inside.Task.WaitAsync(Ct);
        Assert.Single((await _other.InspectAsync("reports", Ct)).Holders);
        using var second = await client.GetAsync(new Uri("/report", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        leave.SetResult();
        using var done = await first;
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        await EventuallyAsync(async () => (await _other.InspectAsync("reports", Ct)).Holders.Count == 0);
        using var third = await client.GetAsync(new Uri("/report", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
    }

    /// <summary>
    /// The middleware asks all limiters without waiting, and then, as this one never has a permit for that, all again. What a limiter of time took the first time it does not give back.
    /// </summary>
    [Theory]
    [InlineData("the window is global", 2)]
    [InlineData("the window is first in a chain", 2)]
    [InlineData("the semaphore is global", 1)]
    [InlineData("the semaphore is first in a chain", 1)]
    public async Task In_ASP_NET_Core_a_window_counts_a_request_once_if_it_is_asked_after_the_semaphore_and_the_semaphore_always_does(string order, int expected)
    {
        await using var window = new FixedWindowRateLimiter(new FixedWindowRateLimiterOptions { PermitLimit = 100, Window = TimeSpan.FromDays(1), AutoReplenishment = false });
        await using var semaphore = _coordinator.CreateSemaphore("reports", maxCount: 1).AsRateLimiter();
        var byTime = PartitionedRateLimiter.Create<HttpContext, string>(_ => RateLimitPartition.Get("all", _ => (RateLimiter)window));
        var byNumber = PartitionedRateLimiter.Create<HttpContext, string>(_ => RateLimitPartition.Get("all", _ => semaphore));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddRateLimiter(options =>
        {
            options.GlobalLimiter = order switch
            {
                "the window is global" => byTime,
                "the semaphore is global" => byNumber,
                "the window is first in a chain" => PartitionedRateLimiter.CreateChained(byTime, byNumber),
                _ => PartitionedRateLimiter.CreateChained(byNumber, byTime),
            };
            options.AddPolicy("reports", _ => order switch
            {
                "the window is global" => RateLimitPartition.Get("all", _ => semaphore),
                "the semaphore is global" => RateLimitPartition.Get("all", _ => (RateLimiter)window),
                _ => RateLimitPartition.GetNoLimiter("all"),
            });
        });
        await using var app = builder.Build();
        app.UseRateLimiter();
        app.MapGet("/report", static () => "done").RequireRateLimiting("reports");
        await app.StartAsync(Ct);
        using var client = app.GetTestClient();

        Assert.Equal("done", await client.GetStringAsync(new Uri("/report", UriKind.Relative), Ct));

        Assert.Equal(expected, 100 - window.GetStatistics()!.CurrentAvailablePermits);
        Assert.Equal(1, _server.CountOf(InMemoryOperation.Claim));
        Assert.Equal(1, semaphore.GetStatistics()!.TotalSuccessfulLeases);
    }

    [Fact]
    public async Task An_HttpClient_waits_for_its_turn_by_it()
    {
        await using var limiter = _coordinator.CreateSemaphore("gateway", 1).AsRateLimiter(queueLimit: 10);
        var gateway = new Gateway();
        using var client = new HttpClient(new LimitedHandler(limiter) { InnerHandler = gateway });

        var responses = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.GetStringAsync(new Uri("http://gateway/"), Ct)));

        Assert.Equal(5, responses.Length);
        Assert.Equal(1, gateway.Most);
    }

    [Fact]
    public async Task Polly_takes_it_as_it_is()
    {
        await using var limiter = _coordinator.CreateSemaphore("x", 1).AsRateLimiter();
        var pipeline = new ResiliencePipelineBuilder().AddRateLimiter(limiter).Build();

        await pipeline.ExecuteAsync(
            async token =>
            {
                Assert.Single((await _other.InspectAsync("x", token)).Holders);
                await Assert.ThrowsAsync<RateLimiterRejectedException>(async () => await pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask, token));
            },
            Ct);

        await EventuallyAsync(async () => (await _other.InspectAsync("x", Ct)).Holders.Count == 0);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(5, Ct);
        }
    }

    private sealed class LimitedHandler(RateLimiter limiter) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var lease = await limiter.AcquireAsync(1, cancellationToken);
            return lease.IsAcquired ? await base.SendAsync(request, cancellationToken) : new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        }
    }

    private sealed class Gateway : HttpMessageHandler
    {
        private int _inside;

        public int Most { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Most = Math.Max(Most, Interlocked.Increment(ref _inside));
            await Task.Delay(5, cancellationToken);
            Interlocked.Decrement(ref _inside);
            return new HttpResponseMessage { Content = new StringContent("ok") };
        }
    }
}
