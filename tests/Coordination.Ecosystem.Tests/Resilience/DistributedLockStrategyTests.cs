using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Coordination.InMemory;
using Coordination.Resilience;
using Polly;
using Polly.Retry;
using Polly.Telemetry;
using Polly.Timeout;

namespace Coordination.Ecosystem.Tests.Resilience;

/// <summary>The lock in Polly's pipelines, beside its own strategies.</summary>
public sealed class DistributedLockStrategyTests : IAsyncDisposable
{
    private static readonly ResiliencePropertyKey<string> Resource = new("resource");
    private readonly InMemoryServer _server = new();
    private readonly Coordinator _coordinator;
    private readonly Coordinator _other;

    public DistributedLockStrategyTests()
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
    public async Task The_callback_runs_under_the_lock_that_the_context_names()
    {
        var pipeline = new ResiliencePipelineBuilder()
            .AddDistributedLock(_coordinator, static context => $"invoice/{context.Properties.GetValue(Resource, "")}")
            .Build();
        var context = ResilienceContextPool.Shared.Get(Ct);
        context.Properties.Set(Resource, "42");

        await pipeline.ExecuteAsync(
            async context =>
            {
                var lease = context.GetDistributedLockLease();
                Assert.Equal("invoice/42", lease?.Name);
                Assert.Equal(lease!.FencingToken, (await _other.InspectAsync("invoice/42", Ct)).Holders.Single().FencingToken);
                Assert.Null(await _other.CreateLock("invoice/42").TryAcquireAsync(Ct));
                Assert.Equal("42", context.Properties.GetValue(Resource, "")); // the caller's own context
            },
            context);

        Assert.Null(context.GetDistributedLockLease());
        ResilienceContextPool.Shared.Return(context);
        Assert.NotNull(await _other.CreateLock("invoice/42").TryAcquireAsync(Ct));
    }

    [Fact]
    public async Task A_typed_pipeline_returns_what_the_callback_returned_and_releases_when_it_throws()
    {
        var pipeline = new ResiliencePipelineBuilder<int>().AddDistributedLock(_coordinator, static _ => "x").Build();

        Assert.Equal(7, await pipeline.ExecuteAsync(static _ => ValueTask.FromResult(7), Ct));
        await Assert.ThrowsAsync<InvalidDataException>(async () => await pipeline.ExecuteAsync<int>(static _ => throw new InvalidDataException(), Ct));

        Assert.NotNull(await _other.CreateLock("x").TryAcquireAsync(Ct));
    }

    [Fact]
    public void A_synchronous_execution_takes_the_lock_too()
    {
        var pipeline = new ResiliencePipelineBuilder().AddDistributedLock(_coordinator, static _ => "x").Build();

        var holders = pipeline.Execute(token => _other.InspectAsync("x", token).AsTask().GetAwaiter().GetResult().Holders.Count, Ct);

        Assert.Equal(1, holders);
    }

    [Fact]
    public async Task A_loss_cancels_the_callbacks_token_and_is_the_outcome()
    {
        var lost = new ConcurrentQueue<OnLeaseLostArguments>();
        var events = new Events();
        var pipeline = new ResiliencePipelineBuilder()
            .AddDistributedLock(new DistributedLockStrategyOptions
            {
                Coordinator = _coordinator,
                LockName = static _ => "x",
                OnLost = arguments =>
                {
                    lost.Enqueue(arguments);
                    return ValueTask.CompletedTask;
                },
            })
            .ConfigureTelemetry(events.Options)
            .Build();

        var exception = await Assert.ThrowsAsync<LeaseLostException>(async () => await pipeline.ExecuteAsync(
            async token =>
            {
                _server.ExpireSessions();
                await Task.Delay(Timeout.Infinite, token);
            },
            Ct));

        Assert.Contains("'x'", exception.Message, StringComparison.Ordinal);
        Assert.Equal("x", Assert.Single(lost).LockName);
        Assert.Equal(["OnLeaseLost"], events.Names);
    }

    [Fact]
    public async Task A_loss_that_the_callback_ignored_is_told_but_its_result_stands()
    {
        var events = new Events();
        var pipeline = new ResiliencePipelineBuilder<int>().AddDistributedLock(_coordinator, static _ => "x").ConfigureTelemetry(events.Options).Build();

        var result = await pipeline.ExecuteAsync(
            async _ =>
            {
                _server.ExpireSessions();
                await Task.Yield();
                return 7;
            },
            Ct);

        Assert.Equal(7, result);
        Assert.Equal(["OnLeaseLost"], events.Names);
    }

    [Theory]
    [InlineData("outer")]
    [InlineData("inner")]
    public async Task Two_locks_in_one_pipeline_are_both_held_and_the_loss_of_either_ends_the_callback(string lost)
    {
        var pipeline = new ResiliencePipelineBuilder()
            .AddDistributedLock(_coordinator, static _ => "outer")
            .AddDistributedLock(_coordinator, static _ => "inner")
            .Build();
        var context = ResilienceContextPool.Shared.Get(Ct);

        var exception = await Assert.ThrowsAsync<LeaseLostException>(async () => await pipeline.ExecuteAsync(
            async context =>
            {
                Assert.Equal("inner", context.GetDistributedLockLease()!.Name);
                Assert.Single((await _other.InspectAsync("outer", Ct)).Holders);
                _server.RemoveClaim(lost, (await _other.InspectAsync(lost, Ct)).Holders.Single().Id);
                await context.GetDistributedLockLease()!.RenewAsync(Ct).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // which hears of it
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            },
            context));

        Assert.Contains($"'{lost}'", exception.Message, StringComparison.Ordinal);
        Assert.Null(context.GetDistributedLockLease());
        ResilienceContextPool.Shared.Return(context);
        Assert.NotNull(await _other.CreateLock("outer").TryAcquireAsync(Ct));
        Assert.NotNull(await _other.CreateLock("inner").TryAcquireAsync(Ct));
    }

    [Fact]
    public async Task A_retry_around_it_runs_the_callback_again_under_a_new_lease()
    {
        var tokens = new List<FencingToken>();
        var pipeline = new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions { ShouldHandle = new PredicateBuilder().Handle<LeaseLostException>(), Delay = TimeSpan.Zero })
            .AddDistributedLock(_coordinator, static _ => "x")
            .Build();
        var context = ResilienceContextPool.Shared.Get(Ct);

        await pipeline.ExecuteAsync(
            async context =>
            {
                tokens.Add(context.GetDistributedLockLease()!.FencingToken);
                if (tokens.Count == 1)
                {
                    _server.ExpireSessions();
                    await Task.Delay(Timeout.Infinite, context.CancellationToken);
                }
            },
            context);

        Assert.Equal(2, tokens.Count);
        Assert.True(tokens[1] > tokens[0]);
        ResilienceContextPool.Shared.Return(context);
    }

    [Fact]
    public async Task A_time_out_around_it_bounds_the_wait_and_leaves_nothing_in_the_queue()
    {
        await using var held = await _other.CreateLock("x").AcquireAsync(Ct);
        var pipeline = new ResiliencePipelineBuilder()
            .AddTimeout(TimeSpan.FromMilliseconds(50))
            .AddDistributedLock(_coordinator, static _ => "x")
            .Build();

        await Assert.ThrowsAsync<TimeoutRejectedException>(async () => await pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask, Ct));

        await held.ReleaseAsync(Ct);
        Assert.NotNull(await _other.CreateLock("x").TryAcquireAsync(TimeSpan.FromSeconds(10), Ct));
    }

    [Fact]
    public async Task A_time_out_inside_of_it_is_that_time_out_and_not_a_loss()
    {
        var pipeline = new ResiliencePipelineBuilder()
            .AddDistributedLock(_coordinator, static _ => "x")
            .AddTimeout(TimeSpan.FromMilliseconds(50))
            .Build();

        await Assert.ThrowsAsync<TimeoutRejectedException>(async () => await pipeline.ExecuteAsync(
            static async token => await Task.Delay(Timeout.Infinite, token), Ct));
    }

    [Fact]
    public async Task An_execution_that_may_not_wait_is_rejected_as_Polly_rejects()
    {
        await using var held = await _other.CreateLock("x").AcquireAsync(Ct);
        var rejected = 0;
        var events = new Events();
        var pipeline = new ResiliencePipelineBuilder()
            .AddDistributedLock(new DistributedLockStrategyOptions
            {
                Coordinator = _coordinator,
                LockName = static _ => "x",
                Timeout = TimeSpan.Zero,
                OnRejected = arguments =>
                {
                    rejected += arguments.LockName == "x" ? 1 : 0;
                    return ValueTask.CompletedTask;
                },
            })
            .ConfigureTelemetry(events.Options)
            .Build();

        var exception = await Assert.ThrowsAsync<DistributedLockRejectedException>(
            async () => await pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask, Ct));

        Assert.IsAssignableFrom<ExecutionRejectedException>(exception);
        Assert.Equal(("x", "Others hold 'x'."), (exception.LockName, exception.Message));
        Assert.Equal(1, rejected);
        Assert.Equal(["OnLockRejected"], events.Names);
    }

    [Fact]
    public async Task A_cancelled_execution_carries_the_callers_token()
    {
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var pipeline = new ResiliencePipelineBuilder().AddDistributedLock(_coordinator, static _ => "x").Build();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await pipeline.ExecuteAsync(
            async token =>
            {
                await caller.CancelAsync();
                await Task.Delay(Timeout.Infinite, token);
            },
            caller.Token));

        Assert.NotNull(await _other.CreateLock("x").TryAcquireAsync(TimeSpan.FromSeconds(10), Ct));
    }

    [Fact]
    public async Task What_the_name_or_the_server_throws_is_an_outcome_that_strategies_around_it_can_handle()
    {
        var attempts = 0;
        var pipeline = new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions { ShouldHandle = new PredicateBuilder().Handle<InvalidDataException>(), Delay = TimeSpan.Zero })
            .AddDistributedLock(_coordinator, _ => attempts++ == 0 ? throw new InvalidDataException() : "x")
            .Build();
        await pipeline.ExecuteAsync(static _ => ValueTask.CompletedTask, Ct);
        Assert.Equal(2, attempts);

        await _coordinator.DisposeAsync();
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static (_, _) => ValueTask.FromResult(Outcome.FromResult(1)), ResilienceContextPool.Shared.Get(Ct), 0);
        Assert.IsType<ObjectDisposedException>(outcome.Exception);
    }

    [Fact]
    public void Options_are_checked_when_the_pipeline_is_built()
    {
        Assert.ThrowsAny<ValidationException>(() => new ResiliencePipelineBuilder().AddDistributedLock(new DistributedLockStrategyOptions()).Build());
        Assert.Throws<ArgumentOutOfRangeException>(() => new ResiliencePipelineBuilder().AddDistributedLock(
            new DistributedLockStrategyOptions { Coordinator = _coordinator, LockName = static _ => "x", Timeout = TimeSpan.FromSeconds(-2) }));
        Assert.Throws<ArgumentNullException>("coordinator", () => new ResiliencePipelineBuilder().AddDistributedLock(null!, static _ => "x"));
    }

    /// <summary>What Polly's telemetry heard from the lock.</summary>
    private sealed class Events : TelemetryListener
    {
        private readonly ConcurrentQueue<string> _names = new();

        public TelemetryOptions Options => new() { TelemetryListeners = { this } };

        public IEnumerable<string> Names => _names;

        public override void Write<TResult, TArgs>(in TelemetryEventArguments<TResult, TArgs> args)
        {
            if (args.Source.StrategyName == "DistributedLock")
            {
                _names.Enqueue(args.Event.EventName);
            }
        }
    }
}
