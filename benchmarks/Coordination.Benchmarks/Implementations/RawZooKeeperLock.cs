using Coordination.ZooKeeper.Client;

namespace Coordination.Benchmarks.Implementations;

/// <summary>An ephemeral node that is made unless it is there, and deleted.</summary>
internal sealed class RawZooKeeperLock(ZooKeeperClient client) : RawPolling
{
    public static async Task<ILockClient> ConnectAsync(ClientSettings settings)
    {
        var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = settings.Connection, SessionTimeout = settings.LeaseOr(30) });
        await client.ConnectAsync();
        return new RawZooKeeperLock(client);
    }

    public override ValueTask DisposeAsync() => client.DisposeAsync();

    protected override async ValueTask<IAsyncDisposable?> TryAcquireAsync(string resource)
    {
        var path = "/benchmark-raw-" + resource.Replace('/', '-');
        try
        {
            await client.CreateAsync(path, mode: ZooKeeperCreateMode.Ephemeral);
            return new Held(() => client.DeleteAsync(path));
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NodeExists)
        {
            return null;
        }
    }
}
