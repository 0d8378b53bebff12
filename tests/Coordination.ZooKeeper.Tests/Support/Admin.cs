using System.Net;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Servers;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>What an operator does by hand, past the backend: over a connection that is made for each.</summary>
public sealed class Admin(string servers)
{
    private readonly ZooKeeperKeys _keys = new("", "/coordination");

    /// <summary>Removes a claim.</summary>
    public Task DeleteAsync(ClaimKey claim) => UseAsync(async client =>
    {
        await client.DeleteAsync((await FindAsync(client, claim))!);
        return true;
    });

    /// <summary>Whether a claim is there.</summary>
    public Task<bool> ExistsAsync(ClaimKey claim) => UseAsync(async client => await FindAsync(client, claim) is not null);

    /// <summary>The names of a node's children; none when it is not there.</summary>
    public Task<IReadOnlyList<string>> ChildrenAsync(string path) => UseAsync(async client =>
    {
        await client.SyncAsync(path);
        return await NamesAsync(client, path);
    });

    /// <summary>Does something over a connection.</summary>
    public async Task<T> UseAsync<T>(Func<ZooKeeperClient, Task<T>> use)
    {
        await using var client = await ConnectAsync(servers);
        return await use(client);
    }

    /// <summary>A connection of its own.</summary>
    public static async Task<ZooKeeperClient> ConnectAsync(string servers)
    {
        var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = servers });
        await client.ConnectAsync();
        return client;
    }

    /// <summary>Ends a session at a server, past its owner, who is kept away meanwhile: see <see cref="OtherConnection.EndSessionAsync"/>.</summary>
    /// <param name="server">The server.</param>
    /// <param name="session">The session.</param>
    /// <param name="ways">The ways by which its owner reaches the servers.</param>
    public static Task ExpireAsync(ZooKeeperServerProcess server, IBackendSession session, params IEnumerable<FaultProxy> ways) =>
        ExpireAsync(server.EndPoint, session, ways);

    /// <summary>Ends a session at a server, past its owner, who is kept away meanwhile: see <see cref="OtherConnection.EndSessionAsync"/>.</summary>
    /// <param name="server">The server.</param>
    /// <param name="session">The session.</param>
    /// <param name="ways">The ways by which its owner reaches the servers.</param>
    public static Task ExpireAsync(EndPoint server, IBackendSession session, params IEnumerable<FaultProxy> ways)
    {
        var client = ((ZooKeeperSession)session).Client;
        Func<Task> end = () => OtherConnection.EndSessionAsync(server, client.SessionId, client.SessionPassword);
        return ways.Aggregate(end, static (inner, way) => () => way.WhileSilentAsync(inner))();
    }

    private async Task<string?> FindAsync(ZooKeeperClient client, ClaimKey claim)
    {
        var queue = _keys.QueueOf(claim.Resource);
        await client.SyncAsync(queue);
        var listed = ZooKeeperListing.Find(ZooKeeperListing.Read(await NamesAsync(client, queue)), claim.Id);
        return listed is { } found ? $"{queue}/{found.Node}" : null;
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(ZooKeeperClient client, string path)
    {
        try
        {
            return (await client.GetChildrenAsync(path)).Names;
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode is ZooKeeperErrorCode.NoNode)
        {
            return [];
        }
    }
}
