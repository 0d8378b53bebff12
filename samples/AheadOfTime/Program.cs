// An application published ahead of time: a container, a coordinator whose backend the configuration chooses, a lock, a semaphore, an election, a leader-elected service.
// Without arguments it stays in this process; `AheadOfTime --redis localhost:6379` uses Redis, `AheadOfTime --etcd localhost:2379` etcd,
// `AheadOfTime --zookeeper localhost:2181` ZooKeeper.
using Coordination;
using Coordination.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

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
    .UseConfiguredBackend(static backends => backends.AddRedis().AddEtcd().AddZooKeeper())
    .AddLeaderElectedService<Worker>("worker");

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

await host.Services.GetRequiredService<Work>().Done.Task;
await host.StopAsync();

internal sealed class Work
{
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class Worker(Work work) : ILeaderElectedService
{
    public Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken)
    {
        Console.WriteLine($"worker: term {leadership.FencingToken}");
        work.Done.SetResult();
        return Task.CompletedTask;
    }
}
