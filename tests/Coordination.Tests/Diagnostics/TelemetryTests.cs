using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Coordination.InMemory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Coordination.Tests.Diagnostics;

public sealed class TelemetryTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Durations_are_seconds_by_the_given_clock_with_backend_primitive_and_outcome()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var acquire = new MetricCollector<double>(meters, "Coordination", "coordination.acquire.duration");
        using var hold = new MetricCollector<double>(meters, "Coordination", "coordination.hold.duration");
        await using var coordinator = new Coordinator(new InMemoryServer(_time).CreateBackend(), timeProvider: _time, meterFactory: meters);

        var lease = await coordinator.CreateSemaphore("x", 1).AcquireAsync(Cancellation);
        Assert.Null(await coordinator.CreateSemaphore("x", 1).TryAcquireAsync(Cancellation));
        _time.Advance(TimeSpan.FromSeconds(5));
        await lease.DisposeAsync();

        Assert.Equal(["acquired", "timed_out"], acquire.GetMeasurementSnapshot().Select(static m => m.Tags["coordination.outcome"]));
        var held = Assert.Single(hold.GetMeasurementSnapshot());
        Assert.Equal(5, held.Value);
        Assert.Equal("in-memory", held.Tags["coordination.backend"]);
        Assert.Equal("semaphore", held.Tags["coordination.primitive"]);
    }

    [Fact]
    public async Task What_is_held_and_waits_returns_to_zero_however_it_ends()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var held = new MetricCollector<long>(meters, "Coordination", "coordination.leases.held");
        using var waiting = new MetricCollector<long>(meters, "Coordination", "coordination.waiters");
        using var lost = new MetricCollector<long>(meters, "Coordination", "coordination.leases.lost");
        var server = new InMemoryServer(_time);
        var coordinator = new Coordinator(server.CreateBackend(), timeProvider: _time, meterFactory: meters);

        var released = await coordinator.CreateLock("released").AcquireAsync(Cancellation);
        var waiter = coordinator.CreateLock("released").AcquireAsync(Cancellation).AsTask();
        await released.DisposeAsync();
        await released.DisposeAsync();
        await (await waiter).DisposeAsync();
        var expired = await coordinator.CreateLock("expired").AcquireAsync(Cancellation);
        server.ExpireSessions();
        Assert.Equal(LeaseState.Lost, expired.State);
        var disposed = await coordinator.CreateLock("disposed").AcquireAsync(Cancellation);
        await coordinator.DisposeAsync();
        Assert.Equal(LeaseState.Lost, disposed.State);

        Assert.Equal(0, held.GetMeasurementSnapshot().Sum(static m => m.Value));
        Assert.Equal(4, held.GetMeasurementSnapshot().Count(static m => m.Value == 1));
        Assert.Equal(0, waiting.GetMeasurementSnapshot().Sum(static m => m.Value));
        Assert.Equal(2, lost.GetMeasurementSnapshot().Sum(static m => m.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Metrics_have_the_resource_as_a_tag_on_request_only(bool isAskedFor)
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var acquire = new MetricCollector<double>(meters, "Coordination", "coordination.acquire.duration");
        using var hold = new MetricCollector<double>(meters, "Coordination", "coordination.hold.duration");
        using var held = new MetricCollector<long>(meters, "Coordination", "coordination.leases.held");
        using var waiting = new MetricCollector<long>(meters, "Coordination", "coordination.waiters");
        using var handOffs = new MetricCollector<long>(meters, "Coordination", "coordination.handoffs");
        using var lost = new MetricCollector<long>(meters, "Coordination", "coordination.leases.lost");
        var server = new InMemoryServer(_time);
        var options = new CoordinatorOptions { TagMetricsWithResource = isAskedFor };
        await using var coordinator = new Coordinator(server.CreateBackend(), options, _time, meterFactory: meters);

        var first = await coordinator.CreateLock("x").AcquireAsync(Cancellation);
        var waiter = coordinator.CreateLock("x").AcquireAsync(Cancellation).AsTask();
        while ((await coordinator.InspectAsync("x", Cancellation)).Waiters.Count == 0)
        {
            await Task.Yield();
        }

        await first.DisposeAsync();
        var second = await waiter;
        server.ExpireSessions();
        Assert.Equal(LeaseState.Lost, second.State);

        object? expected = isAskedFor ? "x" : null;
        Assert.All(Tags(acquire).Concat(Tags(hold)).Concat(Tags(held)).Concat(Tags(waiting)).Concat(Tags(handOffs)).Concat(Tags(lost)), tags =>
        {
            Assert.Equal(expected, tags.GetValueOrDefault("coordination.resource"));
            Assert.Equal("lock", tags["coordination.primitive"]);
            Assert.Equal("in-memory", tags["coordination.backend"]);
        });
        Assert.NotEmpty(Tags(handOffs));
        Assert.NotEmpty(Tags(lost));

        static IEnumerable<IReadOnlyDictionary<string, object?>> Tags<T>(MetricCollector<T> collector)
            where T : struct =>
            collector.GetMeasurementSnapshot().Select(static measurement => measurement.Tags);
    }

    [Fact]
    public async Task An_acquisition_is_an_activity_of_the_source_Coordination()
    {
        var activities = new ConcurrentQueue<Activity>(); // other tests' activities come too
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Coordination",
            Sample = static (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var coordinator = new Coordinator(new InMemoryServer(_time).CreateBackend(), timeProvider: _time);

        await using var lease = await coordinator.CreateLock("traced/one").AcquireAsync(Cancellation);

        var activity = Assert.Single(activities, static a => "traced/one".Equals(a.GetTagItem("coordination.resource")));
        Assert.Equal("coordination.acquire", activity.OperationName);
        Assert.Equal("acquired", activity.GetTagItem("coordination.outcome"));
        Assert.Equal("lock", activity.GetTagItem("coordination.primitive"));
    }
}
