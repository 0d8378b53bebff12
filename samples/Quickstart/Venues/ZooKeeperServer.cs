using Coordination.Backends;
using Coordination.ZooKeeper;
using Coordination.ZooKeeper.Client;

namespace Quickstart;

/// <summary>A ZooKeeper ensemble.</summary>
internal static class ZooKeeperServer
{
    public static ICoordinationBackend Connect(string server, string prefix) =>
        ZooKeeperBackend.Create(new ZooKeeperBackendOptions { ConnectionString = server, RootPath = "/" + prefix });

    /// <summary>Claims go with their sessions, and the servers remove the empty nodes of resources after a minute or so. Here they go at once.</summary>
    public static async Task SweepAsync(string server, string prefix)
    {
        var root = "/" + prefix;
        try
        {
            await using var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = server });
            await client.ConnectAsync();
            foreach (var name in (await client.GetChildrenAsync(root)).Names)
            {
                await DeleteAsync(client, $"{root}/{name}");
            }

            await DeleteAsync(client, root);
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            // The root is gone already, and all that was under it before: nothing is left.
        }
        catch (ZooKeeperException exception)
        {
            // Whatever went wrong before matters more: say it, and go on ending.
            Console.Error.WriteLine($"Nodes under {root} may be left on the server; it removes them when they have been empty for a minute or so. {exception.Message}");
        }
    }

    private static async Task DeleteAsync(ZooKeeperClient client, string path)
    {
        try
        {
            await client.DeleteAsync(path);
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            // The servers were quicker.
        }
    }
}
