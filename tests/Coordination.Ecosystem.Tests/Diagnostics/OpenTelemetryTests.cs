using System.Diagnostics;
using Coordination.InMemory;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Coordination.Ecosystem.Tests.Diagnostics;

/// <summary>What OpenTelemetry's SDK collects from the names that the page on telemetry gives.</summary>
[Collection(Meters.OneByOne)]
public sealed class OpenTelemetryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_meter_and_the_source_are_collected_by_their_names()
    {
        var metrics = new List<Metric>();
        var activities = new List<Activity>();
        var server = new InMemoryServer();
        var services = new ServiceCollection();
        services.AddCoordinator().UseInMemory(server);
        services.AddOpenTelemetry()
            .WithMetrics(provider => provider.AddMeter("Coordination").AddInMemoryExporter(metrics))
            .WithTracing(provider => provider.AddSource("Coordination").AddInMemoryExporter(activities));
        await using var container = services.BuildServiceProvider();
        var meterProvider = container.GetRequiredService<MeterProvider>();
        var tracerProvider = container.GetRequiredService<TracerProvider>();
        var coordinator = container.GetRequiredService<ICoordinator>();

        var first = await coordinator.CreateLock("otel").AcquireAsync(Ct);
        var waiter = coordinator.CreateLock("otel").AcquireAsync(Ct).AsTask();
        while ((await coordinator.InspectAsync("otel", Ct)).Waiters.Count == 0)
        {
            await Task.Yield();
        }

        await first.DisposeAsync();
        var second = await waiter;
        await second.RenewAsync(Ct);
        server.ExpireSessions();
        while (second.State == LeaseState.Held)
        {
            await Task.Yield();
        }

        Assert.True(meterProvider.ForceFlush());
        Assert.True(tracerProvider.ForceFlush());
        Assert.Equal(
            [
                "coordination.acquire.duration", "coordination.handoffs", "coordination.hold.duration", "coordination.leases.held",
                "coordination.leases.lost", "coordination.renewal.duration", "coordination.waiters",
            ],
            metrics.Select(static metric => metric.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.All(metrics.Where(static metric => metric.Name.EndsWith(".duration", StringComparison.Ordinal)), static metric => Assert.Equal("s", metric.Unit));

        // A lock taken in memory takes far less than the five seconds of the collector's own first bucket.
        var acquire = metrics.First(static metric => metric.Name == "coordination.acquire.duration");
        foreach (ref readonly var point in acquire.GetMetricPoints())
        {
            var bounds = new List<double>();
            foreach (var bucket in point.GetHistogramBuckets())
            {
                bounds.Add(bucket.ExplicitBound);
            }

            Assert.Equal(0.0005, bounds[0]);
        }

        var mine = activities.Where(static activity => "otel".Equals(activity.GetTagItem("coordination.resource"))).ToList();
        Assert.Equal(2, mine.Count);
        Assert.All(mine, static activity => Assert.Equal(("coordination.acquire", ActivityKind.Client, "acquired"),
            (activity.OperationName, activity.Kind, activity.GetTagItem("coordination.outcome"))));
    }
}
