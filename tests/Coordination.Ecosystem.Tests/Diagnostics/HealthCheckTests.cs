using System.Net;
using Coordination.Conformance;
using Coordination.InMemory;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Coordination.Ecosystem.Tests.Diagnostics;

/// <summary>The health of a coordinator, in the framework's health checks.</summary>
public sealed class HealthCheckTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryServer _server;

    public HealthCheckTests() => _server = new InMemoryServer(_time);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_healthy_while_the_backend_answers_and_sessions_are_renewed()
    {
        await using var container = Build();
        await using var lease = await container.GetRequiredService<ICoordinator>().CreateLock("x").AcquireAsync(Ct);

        var entry = await LookAsync(container, "coordination");

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal("in-memory", entry.Data["backend"]);
        Assert.Equal(1, entry.Data["sessions"]);
    }

    [Fact]
    public async Task It_is_healthy_before_anything_was_claimed_and_opens_no_session()
    {
        await using var container = Build();

        var entry = await LookAsync(container, "coordination");

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(0, entry.Data["sessions"]);
        Assert.Equal((0, 1), (_server.CountOf(InMemoryOperation.OpenSession), _server.CountOf(InMemoryOperation.Inspect)));
    }

    [Fact]
    public async Task It_is_degraded_for_a_while_after_a_loss()
    {
        await using var container = Build();
        await using var lease = await container.GetRequiredService<ICoordinator>().CreateLock("x").AcquireAsync(Ct);
        _server.ExpireSessions();
        Assert.Equal(LeaseState.Lost, lease.State);

        var entry = await LookAsync(container, "coordination");
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Equal(1, entry.Data["lostLeases"]);
        Assert.Contains("1 leases were lost within 00:01:00", entry.Description, StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HealthStatus.Healthy, (await LookAsync(container, "coordination")).Status);
    }

    [Fact]
    public async Task It_is_degraded_when_renewals_do_not_come_in_time()
    {
        var backend = new FaultyBackend(_server.CreateBackend());
        await using var container = Build(backend);
        await using var lease = await container.GetRequiredService<ICoordinator>().CreateLock("x").AcquireAsync(Ct);
        var held = Enumerable.Range(0, 10).Select(_ => backend.HoldNext(Call.Renew)).ToList();
        _time.Advance(TimeSpan.FromSeconds(24)); // of 26.7 that the lease lasts

        var entry = await LookAsync(container, "coordination");

        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Equal(1, entry.Data["lateSessions"]);
        held.ForEach(static call => call.Open());
    }

    [Fact]
    public async Task It_is_unhealthy_when_the_backend_does_not_answer_and_the_failure_names_it()
    {
        var backend = _server.CreateBackend();
        await using var container = Build(backend);
        backend.Disconnect(isBreakSeen: true);

        var entry = await LookAsync(container, "coordination");

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Contains("in-memory", entry.Description, StringComparison.Ordinal);
        Assert.IsType<CoordinationException>(entry.Exception);
    }

    [Fact]
    public async Task Each_key_has_a_check_of_its_own_and_ASP_NET_Core_maps_it()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        var backend = new InMemoryServer().CreateBackend();
        builder.Services.AddCoordinator().UseInMemory();
        builder.Services.AddKeyedCoordinator("orders").UseBackend(_ => backend);
        builder.Services.AddHealthChecks().AddCoordinator().AddCoordinator("orders", failureStatus: HealthStatus.Degraded);
        await using var app = builder.Build();
        app.MapHealthChecks("/health");
        await app.StartAsync(Ct);
        using var client = app.GetTestClient();

        Assert.Equal("Healthy", await client.GetStringAsync(new Uri("/health", UriKind.Relative), Ct));
        backend.Disconnect(isBreakSeen: true);
        using var response = await client.GetAsync(new Uri("/health", UriKind.Relative), Ct);
        Assert.Equal((HttpStatusCode.OK, "Degraded"), (response.StatusCode, await response.Content.ReadAsStringAsync(Ct)));
        var report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Ct);
        Assert.Equal(["coordination", "coordination-orders"], report.Entries.Keys.Order(StringComparer.Ordinal));
    }

    private ServiceProvider Build(Coordination.Backends.ICoordinationBackend? backend = null)
    {
        var services = new ServiceCollection();
        services.AddLogging().AddSingleton<TimeProvider>(_time);
        services.AddCoordinator().UseBackend(_ => backend ?? _server.CreateBackend());
        services.AddHealthChecks().AddCoordinator();
        return services.BuildServiceProvider();
    }

    private static async Task<HealthReportEntry> LookAsync(IServiceProvider container, string name) =>
        (await container.GetRequiredService<HealthCheckService>().CheckHealthAsync(Ct)).Entries[name];
}
