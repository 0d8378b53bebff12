// A web application of which several instances run. One of them does the scheduled work; all show who, and who holds and waits for the locks.
using System.Threading.RateLimiting;
using Coordination;
using Coordination.Hosting;
using OpenTelemetry.Metrics;
using Web;

var builder = WebApplication.CreateBuilder(args);
builder.Services
    .AddCoordinator(builder.Configuration.GetSection("Coordination"))
    .UseConfiguredBackend(backends => backends.AddRedis().AddRedlock().AddEtcd().AddZooKeeper())
    .AddLeaderElectedService<Scheduler>(Scheduler.Election);
builder.Services.AddSingleton<Work>();
builder.Services.AddHealthChecks().AddCoordinator();
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter("Coordination").AddPrometheusExporter());
builder.Services.AddRateLimiter(options =>
{
    options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
    options.AddPolicy("reports", context => RateLimitPartition.Get("reports", _ =>
        context.RequestServices.GetRequiredService<ICoordinator>().CreateSemaphore(Work.Reports, maxCount: 2).AsRateLimiter(queueLimit: 5)));
});

builder.Services.AddProblemDetails();

var app = builder.Build();

// A backend out of reach is not this application's fault, and passes.
app.UseExceptionHandler(new ExceptionHandlerOptions
{
    StatusCodeSelector = static exception => exception is CoordinationException { IsTransient: true }
        ? StatusCodes.Status503ServiceUnavailable
        : StatusCodes.Status500InternalServerError,
});
app.UseDefaultFiles();
app.UseStaticFiles();
app.UseRateLimiter();

// Who leads, and whether it is this instance.
app.MapGet("/leader", async ([FromKeyedServices(Scheduler.Election)] ILeadershipStatus status, Work work, CancellationToken ct) =>
    new LeaderView(status.IsLeader, (await status.GetLeaderAsync(ct))?.Value, status.FencingToken?.Value, work.Steps));

// Who holds and who waits.
app.MapGet("/locks", async (ICoordinator coordinator, CancellationToken ct) =>
{
    var views = new List<ResourceStatus>();
    foreach (var name in Work.Names)
    {
        views.Add(await coordinator.InspectAsync(name, ct));
    }

    return views;
});

// Takes a lock, holds it for a while, and says with which token; 409 when others hold it for too long.
app.MapPost("/locks/{number:int}", async (int number, int? milliseconds, ICoordinator coordinator, CancellationToken ct) =>
{
    await using var lease = await coordinator.CreateLock(Work.Invoice(number)).TryAcquireAsync(TimeSpan.FromSeconds(10), ct);
    if (lease is null)
    {
        return Results.Conflict();
    }

    using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, lease.Lost);
    await Task.Delay(Math.Clamp(milliseconds ?? 2000, 0, 300_000), either.Token);
    return Results.Ok(new { token = lease.FencingToken.Value });
});

// Two reports at a time, over all instances.
app.MapGet("/report", async (CancellationToken ct) =>
{
    await Task.Delay(500, ct);
    return "a report";
}).RequireRateLimiting("reports");

app.MapHealthChecks("/health");
app.MapPrometheusScrapingEndpoint();
app.Run();
