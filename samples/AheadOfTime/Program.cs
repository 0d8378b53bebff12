// An application published ahead of time: a container, a coordinator, a lock, a semaphore, an election.
// Without arguments it stays in this process; `AheadOfTime --redis localhost:6379` uses Redis, `AheadOfTime --etcd localhost:2379` etcd,
// `AheadOfTime --zookeeper localhost:2181` ZooKeeper.
using Coordination;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
var coordination = builder.Services.AddCoordinator(builder.Configuration.GetSection("Coordination"));
_ = args switch
{
    ["--redis", var server] => coordination.UseRedis(server),
    ["--etcd", var server] => coordination.UseEtcd(server),
    ["--zookeeper", var server] => coordination.UseZooKeeper(server),
    _ => coordination.UseInMemory(),
};

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

await host.StopAsync();
