using System.Runtime.CompilerServices;
using System.Text;
using Coordination.ZooKeeper.Client;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// The least that a lock on ZooKeeper cannot do without, sent raw through the same client over a connection of its own: a node is made, its queue is listed in the same write, and the node is deleted. No engine,
/// nothing against late or repeated requests.
/// </summary>
/// <param name="client">The connection.</param>
/// <param name="withList">Whether the queue is listed.</param>
internal sealed class RawZooKeeper(ZooKeeperClient client, bool withList) : IPair
{
    public const string Queue = "/coordination-benchmark-floor";

    private readonly byte[] _value = Encoding.UTF8.GetBytes($"1::{Environment.MachineName}/{Environment.ProcessId}");

    public string Name => withList ? "create + list + delete, raw" : "create + delete, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        var creating = client.CreateAsync(Queue + "/x-1-a3c1f0d2b4e5968778695a-", _value, ZooKeeperCreateMode.EphemeralSequential);
        var listing = withList ? client.GetChildrenAsync(Queue) : null;
        var (path, _) = await creating;
        if (listing is not null && (await listing).Names is not [_])
        {
            throw new InvalidOperationException("Somebody else uses the benchmark's node.");
        }

        await client.DeleteAsync(path);
    }

    public ValueTask DisposeAsync() => default;
}

/// <summary>One request and its reply, through the same client.</summary>
/// <param name="client">The connection.</param>
internal sealed class RawZooKeeperRequest(ZooKeeperClient client) : IPair
{
    public string Name => "exists, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync() => await client.ExistsAsync(RawZooKeeper.Queue);

    public ValueTask DisposeAsync() => default;
}
