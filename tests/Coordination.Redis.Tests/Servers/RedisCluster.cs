using System.Globalization;
using System.Net;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Servers;

/// <summary>Masters of a Redis Cluster, each with a third of the slots, and one replica of each where that is asked for.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16384;

    // After how long a silent node is held for dead. Tests may freeze nodes, and a machine may stand still.
    private const int NodeTimeout = 15_000;

    private readonly List<RedisNode> _nodes;

    private RedisCluster(int nodes, bool fakeClock, bool needsAllSlots)
    {
        _nodes = [.. Enumerable.Range(0, nodes).Select(_ => new RedisNode(
            fakeClock,
            "--cluster-enabled", "yes",
            "--cluster-port", $"{FreePort.Next()}",
            "--cluster-node-timeout", $"{NodeTimeout}",
            "--cluster-require-full-coverage", needsAllSlots ? "yes" : "no",
            "--cluster-replica-validity-factor", "0",
            "--appendonly", "yes",
            "--appendfsync", "no"))];
    }

    /// <summary>How many masters there are to begin with.</summary>
    public const int Masters = 3;

    /// <summary>The nodes: first the masters.</summary>
    public IReadOnlyList<RedisNode> Nodes => _nodes;

    /// <summary>Where clients find it.</summary>
    public string EndPoints => string.Join(',', _nodes.Select(static node => node.EndPoint));

    /// <summary>Starts a cluster, and waits until each node serves. That takes two seconds: so long a master waits after its start.</summary>
    /// <param name="replicas">Whether each master has a replica.</param>
    /// <param name="fakeClock">Whether the nodes' clocks can be set.</param>
    /// <param name="needsAllSlots">Whether nothing is served when a part of the slots is not.</param>
    /// <returns>The cluster.</returns>
    public static async Task<RedisCluster> StartAsync(bool replicas = false, bool fakeClock = false, bool needsAllSlots = true)
    {
        var cluster = new RedisCluster(replicas ? Masters * 2 : Masters, fakeClock, needsAllSlots);
        try
        {
            await cluster.LaunchAsync();
            await cluster.MeetAsync();
            await cluster.ReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts all processes.</summary>
    public Task LaunchAsync() => Task.WhenAll(_nodes.Select(static node => node.Process.StartAsync()));

    /// <summary>Waits until each node that runs knows of all slots that they are served.</summary>
    public Task ReadyAsync() => Task.WhenAll(_nodes.Select(static node =>
        node.UntilAsync("CLUSTER INFO", static info => info.Contains("cluster_state:ok", StringComparison.Ordinal))));

    /// <summary>Kills a master, when its replica has all that it wrote, and waits until the replica leads.</summary>
    /// <param name="master">The master's number.</param>
    /// <remarks>Only here are nodes quick to call one another dead: see <see cref="RedisReplication.PromotedAsync"/>.</remarks>
    public async Task FailOverAsync(int master)
    {
        var (dies, replica) = (_nodes[master], _nodes[Masters + master]);

        // WAIT would not do: it knows only what its own connection wrote.
        var written = Offset(await dies.ExecuteAsync("INFO replication"));
        await replica.UntilAsync("INFO replication", info => Offset(info) >= written);
        await SetNodeTimeoutAsync(_nodes, 1000);
        await dies.Process.KillAsync();
        await replica.UntilAsync("ROLE", static role => role.StartsWith("master", StringComparison.Ordinal));
        await SetNodeTimeoutAsync(_nodes.Where(node => node != dies), NodeTimeout);
    }

    /// <summary>The master that serves a slot at the beginning.</summary>
    /// <param name="slot">The slot.</param>
    /// <returns>The node.</returns>
    public RedisNode MasterOf(int slot) => _nodes[Enumerable.Range(0, Masters).First(master => slot < First(master + 1))];

    /// <summary>Does something to all nodes.</summary>
    /// <param name="act">What.</param>
    public Task AllAsync(Func<RedisServerProcess, Task> act) => Task.WhenAll(_nodes.Select(node => act(node.Process)));

    /// <summary>The addresses of all nodes.</summary>
    /// <returns>In their order.</returns>
    public EndPoint[] Addresses() => [.. _nodes.Select(static node => (EndPoint)new IPEndPoint(IPAddress.Loopback, node.Port))];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private static long Offset(string info)
    {
        const string Name = "master_repl_offset:";
        return long.Parse(info.Split('\n').Single(static line => line.StartsWith(Name, StringComparison.Ordinal)).AsSpan(Name.Length).TrimEnd(), CultureInfo.InvariantCulture);
    }

    private static Task SetNodeTimeoutAsync(IEnumerable<RedisNode> nodes, int milliseconds) => Task.WhenAll(nodes.Select(node =>
        node.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"CONFIG SET cluster-node-timeout {milliseconds}"))));

    private static int First(int master) => (Slots * master / Masters) + (master > 0 && master < Masters ? 1 : 0);

    private async Task MeetAsync()
    {
        for (var index = 0; index < _nodes.Count; index++)
        {
            var node = _nodes[index];
            await node.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"CLUSTER SET-CONFIG-EPOCH {index + 1}"));
            if (index < Masters)
            {
                await node.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"CLUSTER ADDSLOTSRANGE {First(index)} {First(index + 1) - 1}"));
            }
        }

        foreach (var node in _nodes)
        {
            // Each with each, and not by and by through the others' gossip: sooner by a second.
            foreach (var other in _nodes.Where(other => other != node))
            {
                var bus = (await other.ExecuteAsync("CONFIG GET cluster-port")).Split('\n')[1];
                await node.ExecuteAsync($"CLUSTER MEET 127.0.0.1 {other.Port} {bus}");
            }
        }

        foreach (var node in _nodes)
        {
            var known = $"cluster_known_nodes:{_nodes.Count}\r";
            await node.UntilAsync("CLUSTER INFO", info => info.Contains(known, StringComparison.Ordinal));
        }

        for (var index = Masters; index < _nodes.Count; index++)
        {
            var master = (await _nodes[index - Masters].ExecuteAsync("CLUSTER MYID")).Trim();

            // A node that is met is counted under a name of its own until it has introduced itself.
            await _nodes[index].UntilAsync("CLUSTER NODES", nodes => nodes.Contains(master, StringComparison.Ordinal));
            await _nodes[index].ExecuteAsync($"CLUSTER REPLICATE {master}");
            await _nodes[index].UntilAsync("INFO replication", static info => info.Contains("master_link_status:up", StringComparison.Ordinal));
        }
    }
}
