// An application published ahead of time, or trimmed: a container, a coordinator whose backend the configuration chooses, a lock, a semaphore, an election, leader-elected
// services, Polly, a rate limiter, a health check.
// Without arguments it stays in this process; `AheadOfTime --redis localhost:6379` uses Redis, `AheadOfTime --etcd localhost:2379` etcd,
// `AheadOfTime --zookeeper localhost:2181` ZooKeeper.
using Coordination;
using Coordination.Hosting;
using Coordination.Resilience;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Polly;
using Polly.RateLimiting;

var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
{
    ["Coordination:LeaseDuration"] = "00:00:10",
    ["Coordination:Backend"] = args is [var option, _] ? option.TrimStart('-') : "InMemory",
    ["Coordination:Redis:Configuration"] = args is ["--redis", var redis] ? redis : null,
    ["Coordination:Etcd:Endpoints"] = args is ["--etcd", var etcd] ? etcd : null,
    ["Coordination:ZooKeeper:ConnectionString"] = args is ["--zookeeper", var zookeeper] ? zookeeper : null,
});
builder.Services.AddSingleton<Work>();
builder.Services
    .AddCoordinator(builder.Configuration.GetSection("Coordination"))
    .UseConfiguredBackend(static backends => backends.AddRedis().AddRedlock().AddEtcd().AddZooKeeper())
    .AddLeaderElectedService<Worker>("worker")
    .AddLeaderElectedBackgroundService<Cleaner>("cleaner");
builder.Services.AddHealthChecks().AddCoordinator();

using var host = builder.Build();
await host.StartAsync();
var coordinator = host.Services.GetRequiredService<ICoordinator>();

await using (var lease = await coordinator.CreateLock("invoice/42").AcquireAsync())
{
    Console.WriteLine($"lock: {lease.State}, token {lease.FencingToken}");
}

await using (var permit = await coordinator.CreateSemaphore("printers", maxCount: 2).AcquireAsync())
{
    Console.WriteLine($"semaphore: {permit.State}");
}

var election = coordinator.CreateLeaderElection("scheduler");
await using (var leadership = await election.CampaignAsync())
{
    Console.WriteLine($"leader: {await election.GetLeaderAsync()}");
}

// Polly: one at a time, and whoever comes second does not wait.
var exclusive = new ResiliencePipelineBuilder()
    .AddDistributedLock(new DistributedLockStrategyOptions { Coordinator = coordinator, LockName = static _ => "report", Timeout = TimeSpan.Zero })
    .Build();
await exclusive.ExecuteAsync(async token =>
{
    Console.WriteLine("polly: under the lock");
    try
    {
        await exclusive.ExecuteAsync(static _ => ValueTask.CompletedTask, token);
    }
    catch (DistributedLockRejectedException exception)
    {
        Console.WriteLine($"polly: {exception.Message}");
    }
});

// A semaphore as a rate limiter, by itself and in Polly.
await using (var limiter = coordinator.CreateSemaphore("gateway", maxCount: 1).AsRateLimiter())
using (var permit = await limiter.AcquireAsync())
{
    try
    {
        await new ResiliencePipelineBuilder().AddRateLimiter(limiter).Build().ExecuteAsync(static _ => ValueTask.CompletedTask);
    }
    catch (RateLimiterRejectedException)
    {
        Console.WriteLine($"rate limiter: {(permit.IsAcquired ? "one" : "none")} held, the second refused");
    }
}

var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine($"health: {health.Status}");

await host.Services.GetRequiredService<Work>().Done.Task;
await host.StopAsync();

internal sealed class Work
{
    private int _left = 2;

    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Finish()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            Done.SetResult();
        }
    }
}

internal sealed class Worker(Work work) : ILeaderElectedService
{
    public Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken)
    {
        Console.WriteLine($"worker: term {leadership.FencingToken}");
        work.Finish();
        return Task.CompletedTask;
    }
}

internal sealed class Cleaner(Work work) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Console.WriteLine("cleaner: a term");
        work.Finish();
        return Task.CompletedTask;
    }
}
