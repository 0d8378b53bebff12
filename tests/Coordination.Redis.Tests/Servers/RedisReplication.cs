using System.Diagnostics;
using System.Globalization;
using System.Net;
using Coordination.Conformance;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A primary and its replica, over a network that can fall silent, and a sentinel where that is asked for.</summary>
public sealed class RedisReplication : IAsyncDisposable
{
    private FaultProxy? _link;
    private SentinelProcess? _sentinel;

    private RedisReplication()
    {
    }

    /// <summary>The name under which the sentinel knows it.</summary>
    public const string Service = "primary";

    /// <summary>The server that leads to begin with.</summary>
    public RedisNode Primary { get; } = new(fakeClock: false);

    /// <summary>Its replica.</summary>
    public RedisNode Replica { get; } = new(fakeClock: false);

    /// <summary>Where clients find the one that leads: the sentinel, or both.</summary>
    public string Configuration => _sentinel is null
        ? $"{Primary.EndPoint},{Replica.EndPoint}"
        : $"{_sentinel.EndPoint},serviceName={Service}";

    /// <summary>The way from the primary to the replica, without a sentinel.</summary>
    public FaultProxy Link => _link ?? throw new InvalidOperationException("A sentinel would look past it.");

    /// <summary>Starts it, and waits until the replica follows.</summary>
    /// <param name="sentinel">Whether a sentinel watches over it.</param>
    public static async Task<RedisReplication> StartAsync(bool sentinel = false)
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        var servers = new RedisReplication();
        try
        {
            await Task.WhenAll(servers.Primary.Process.StartAsync(), servers.Replica.Process.StartAsync());
            await servers.Primary.ExecuteAsync("CONFIG SET repl-diskless-sync-delay 0");
            var from = servers.Primary.Port;
            if (!sentinel)
            {
                servers._link = FaultProxy.Start(new IPEndPoint(IPAddress.Loopback, from));
                from = servers._link.EndPoint.Port;
            }

            await servers.Replica.ExecuteAsync($"REPLICAOF 127.0.0.1 {from}");
            await servers.FollowsAsync();
            if (sentinel)
            {
                servers._sentinel = new SentinelProcess(servers.Primary.Port);
                await servers._sentinel.StartAsync();
                await new RedisNodeAt(servers._sentinel.Port).UntilAsync(
                    $"SENTINEL REPLICAS {Service}", reply => reply.Contains($"{servers.Replica.Port}", StringComparison.Ordinal));
            }

            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the replica has all that the primary wrote.</summary>
    public async Task FollowsAsync()
    {
        await Replica.UntilAsync("INFO replication", static info => info.Contains("master_link_status:up", StringComparison.Ordinal));
        await Primary.UntilAsync("INFO replication", static info => info.Contains("state=online", StringComparison.Ordinal));
    }

    /// <summary>Waits until the sentinel says that the replica leads. Before that the old primary must not come back: it would be taken for what it was, without its data.</summary>
    /// <remarks>
    /// Only here is the sentinel quick to call a server down. At other times a machine that stands still for half a second would be a failover that no test asked for, and one to a
    /// server that has no data yet.
    /// </remarks>
    public async Task PromotedAsync()
    {
        var sentinel = new RedisNodeAt(_sentinel!.Port);
        await sentinel.ExecuteAsync($"SENTINEL SET {Service} down-after-milliseconds 500");
        await sentinel.UntilAsync($"SENTINEL GET-MASTER-ADDR-BY-NAME {Service}", reply => reply.Contains($"{Replica.Port}", StringComparison.Ordinal));
        await sentinel.ExecuteAsync($"SENTINEL SET {Service} down-after-milliseconds {SentinelProcess.Patience}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_sentinel is not null)
        {
            await _sentinel.DisposeAsync();
        }

        await Replica.DisposeAsync();
        await Primary.DisposeAsync();
        if (_link is not null)
        {
            await _link.DisposeAsync();
        }
    }

    // One sentinel, which decides alone.
    private sealed class SentinelProcess(int primary) : ServerProcess
    {
        /// <summary>For how long a server may be silent before it is called down, in milliseconds.</summary>
        public const int Patience = 60_000;

        private readonly string _directory = Directory.CreateTempSubdirectory("coordination-sentinel-").FullName;

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            Directory.Delete(_directory, recursive: true);
        }

        protected override ProcessStartInfo StartInfo()
        {
            var file = Path.Combine(_directory, "sentinel.conf");
            File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
                port {Port}
                bind 127.0.0.1
                dir {_directory}
                sentinel monitor {Service} 127.0.0.1 {primary} 1
                sentinel down-after-milliseconds {Service} {Patience}
                sentinel failover-timeout {Service} 5000

                """));
            return new ProcessStartInfo(RedisServerProcess.Program!) { ArgumentList = { file, "--sentinel" } };
        }
    }
}
