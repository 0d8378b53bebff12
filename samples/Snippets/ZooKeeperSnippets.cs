using Coordination.ZooKeeper;
using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Snippets;

internal static class ZooKeeperSnippets
{
    public static void WithContainer(HostApplicationBuilder builder)
    {
        // snippet: zookeeper-with-container
        builder.Services
            .AddCoordinator(builder.Configuration.GetSection("Coordination"))
            .UseZooKeeper(builder.Configuration.GetSection("Coordination:ZooKeeper"));
        // end
    }

    public static async Task WithoutContainer(CancellationToken ct)
    {
        // snippet: zookeeper-without-container
        await using var coordinator = new Coordinator(ZooKeeperBackend.Create("zk1:2181,zk2:2181,zk3:2181"));
        await using var lease = await coordinator.CreateLock("invoice/42").AcquireAsync(ct);
        // end
    }

    // snippet: zookeeper-guard
    public static async Task SaveAsync(ZooKeeperClient zooKeeper, ILease lease, string path, byte[] balance, CancellationToken ct)
    {
        try
        {
            await zooKeeper.MultiAsync([lease.ToZooKeeperCheck(), ZooKeeperOperation.SetData(path, balance)], ct);
        }
        catch (ZooKeeperException exception) when (exception is { ErrorCode: ZooKeeperErrorCode.NoNode, FailedOperation: 0 })
        {
            throw new InvalidOperationException($"The lease on {lease.Name} was lost: nothing was written.", exception);
        }
    }
    // end
}
