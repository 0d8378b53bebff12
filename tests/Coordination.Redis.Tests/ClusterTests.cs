using System.Globalization;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Conformance;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>What only a cluster has: slots, parts that fail alone, nodes that take over, slots that move.</summary>
public sealed class ClusterTests(RedisClusterPool pool) : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly List<IAsyncDisposable> _owned = [];
    private readonly Hints _hints = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        return default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            await owned.DisposeAsync();
        }
    }

    [Fact]
    public async Task Claims_of_one_slot_are_renewed_and_ended_in_one_call_and_those_of_others_beside_it()
    {
        var cluster = Own(await pool.TakeAsync());
        await using var admin = await ConnectionMultiplexer.ConnectAsync($"{cluster.EndPoints},allowAdmin=true");
        await RedisClusterUnderTest.LoadScriptsAsync(admin);
        var session = await OpenAsync(cluster.EndPoints);
        ClaimKey[] claims = [.. NamesIn(Slot("a"), admin, 20).Concat(NamesIn(Slot("b"), admin, 20)).Select(static name => new ClaimKey(name, $"id-{name}"))];
        foreach (var claim in claims)
        {
            await ClaimAsync(session, claim);
        }

        var before = Calls();
        Assert.Empty((await session.RenewAsync([.. claims.Reverse()], Token)).Exceptions);
        Assert.Equal(2, Calls() - before);
        before = Calls();
        await session.EndAsync(claims, Token);
        Assert.Equal(2, Calls() - before);

        int Slot(string name) => admin.GetHashSlot(new RedisKeys("coordination").Of(name).Claims);
        long Calls() => admin.GetServers().Sum(RedisStatistics.ScriptCalls);
    }

    [Fact]
    public async Task A_dead_node_loses_none_of_the_claims_of_the_others()
    {
        var cluster = Own(await RedisCluster.StartAsync(needsAllSlots: false));
        var session = await OpenAsync(cluster.EndPoints);
        var names = await SpreadAsync(cluster);
        ClaimKey[] claims = [.. names.Select(static name => new ClaimKey(name, $"id-{name}"))];
        foreach (var claim in claims)
        {
            await ClaimAsync(session, claim);
        }

        await cluster.Nodes[1].Process.KillAsync();

        await EventuallyAsync(async () => Assert.Equal(
            [new(1, ClaimRenewalOutcome.Unconfirmed)], (await session.RenewAsync(claims, Token)).Exceptions));
        Assert.True(await session.ReleaseAsync(claims[2], Token));
    }

    [Fact]
    public async Task A_lease_survives_when_a_replica_takes_over_and_waiters_are_woken_by_it()
    {
        var cluster = Own(await RedisCluster.StartAsync(replicas: true));
        var names = await SpreadAsync(cluster);
        var one = Connect(cluster.EndPoints);
        var two = Connect(cluster.EndPoints);
        var held = new List<IFencedLease>();
        var waiting = new List<Task<IFencedLease>>();
        foreach (var name in names)
        {
            held.Add(await one.CreateLock(name).AcquireAsync(Token));
            waiting.Add(two.CreateLock(name).AcquireAsync(Token).AsTask());
            await EventuallyAsync(async () => Assert.Single((await one.InspectAsync(name, Token)).Waiters));
        }

        // Whatever it served, the node may have carried the subscriptions too.
        await cluster.FailOverAsync(0);

        for (var i = 0; i < names.Length; i++)
        {
            await EventuallyAsync(async () => await held[i].RenewAsync(Token));
            Assert.Equal(LeaseState.Held, held[i].State);
            await EventuallyAsync(async () => await held[i].ReleaseAsync(Token));
            await using var next = await waiting[i].WaitAsync(Long, Token);
            Assert.True(held[i].FencingToken < next.FencingToken);
        }
    }

    [Fact]
    public async Task A_slot_that_moves_while_a_lock_is_held_takes_it_along()
    {
        var cluster = Own(await pool.TakeAsync());
        var names = await SpreadAsync(cluster);
        var one = Connect(cluster.EndPoints);
        var two = Connect(cluster.EndPoints);
        var (source, target) = (cluster.Nodes[0], cluster.Nodes[1]);
        var key = $"coordination:{{{names[0]}}}";
        var slot = int.Parse(await source.ExecuteAsync($"CLUSTER KEYSLOT {key}"), CultureInfo.InvariantCulture);
        var (from, to) = ((await source.ExecuteAsync("CLUSTER MYID")).Trim(), (await target.ExecuteAsync("CLUSTER MYID")).Trim());
        var held = await one.CreateLock(names[0]).AcquireAsync(Token);

        await target.ExecuteAsync($"CLUSTER SETSLOT {slot} IMPORTING {from}");
        await source.ExecuteAsync($"CLUSTER SETSLOT {slot} MIGRATING {to}");

        // Nobody waits, so one of the two keys is not there: while the slot is between two nodes a script cannot have both.
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await held.RenewAsync(Token));
        Assert.True(fault.IsTransient);
        Assert.Contains("slot is being moved", fault.Message, StringComparison.Ordinal);
        await source.ExecuteAsync($"MIGRATE 127.0.0.1 {target.Port} \"\" 0 5000 KEYS {key} {key}:w");
        foreach (var node in new[] { target, source, cluster.Nodes[2] })
        {
            await node.ExecuteAsync($"CLUSTER SETSLOT {slot} NODE {to}");
        }

        await EventuallyAsync(async () => await held.RenewAsync(Token));
        var waiting = two.CreateLock(names[0]).AcquireAsync(Token).AsTask();
        await EventuallyAsync(async () => Assert.Single((await one.InspectAsync(names[0], Token)).Waiters));
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(Long, Token);
        Assert.True(held.FencingToken < next.FencingToken);
    }

    [Fact]
    public async Task A_cluster_of_one_node_that_was_told_no_address_is_used()
    {
        var node = Own(new RedisNode(fakeClock: false, "--cluster-enabled", "yes", "--cluster-port", $"{FreePort.Next()}"));
        await node.Process.StartAsync();
        await node.ExecuteAsync("CLUSTER ADDSLOTSRANGE 0 16383");
        await node.UntilAsync("CLUSTER INFO", static info => info.Contains("cluster_state:ok", StringComparison.Ordinal));
        var one = Connect(node.EndPoint);
        var two = Connect(node.EndPoint);

        var held = await one.CreateLock("alone").AcquireAsync(Token);
        var waiting = two.CreateLock("alone").AcquireAsync(Token).AsTask();
        await EventuallyAsync(async () => Assert.Single((await one.InspectAsync("alone", Token)).Waiters));
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(Long, Token);
        Assert.True(held.FencingToken < next.FencingToken);
    }

    [Fact]
    public async Task Waiters_hear_again_after_somebody_ended_all_subscriptions_of_the_connection()
    {
        var cluster = Own(await pool.TakeAsync());
        await using var connection = await ConnectionMultiplexer.ConnectAsync(cluster.EndPoints);
        await using var backend = new RedisBackend(connection);
        var session = await backend.OpenSessionAsync(new SessionRequest(Long), _hints, Token);
        var (held, waiting) = (new ClaimKey("x", "held"), new ClaimKey("x", "waiting"));
        await ClaimAsync(session, held);
        await ClaimAsync(session, waiting);

        await connection.GetSubscriber().UnsubscribeAllAsync();
        await session.RenewAsync([held, waiting], Token);
        await _hints.AskAgainAsync();

        // They may have been told to ask again because the connection's own second half was up.
        await EventuallyAsync(() =>
        {
            Assert.NotNull(connection.GetSubscriber().SubscribedEndpoint(RedisChannel.Literal(backend.Hints.ChannelName)));
            return Task.CompletedTask;
        });

        await session.ReleaseAsync(held, Token);
        await _hints.GrantOfAsync("waiting");
    }

    private static IEnumerable<string> NamesIn(int slot, ConnectionMultiplexer connection, int count)
    {
        var keys = new RedisKeys("coordination");
        return Enumerable.Range(0, int.MaxValue).Select(static n => $"n{n}").Where(name => connection.GetHashSlot(keys.Of(name).Claims) == slot).Take(count);
    }

    // A name for each master, in their order.
    private static async Task<string[]> SpreadAsync(RedisCluster cluster)
    {
        var names = new string[RedisCluster.Masters];
        for (var n = 0; names.Contains(null); n++)
        {
            var name = $"spread{n}";
            var slot = int.Parse(await cluster.Nodes[0].ExecuteAsync($"CLUSTER KEYSLOT coordination:{{{name}}}"), CultureInfo.InvariantCulture);
            var master = cluster.MasterOf(slot);
            for (var i = 0; i < names.Length; i++)
            {
                if (cluster.Nodes[i] == master)
                {
                    names[i] ??= name;
                }
            }
        }

        return names;
    }

    private static async Task ClaimAsync(IBackendSession session, ClaimKey claim) =>
        await session.ClaimAsync(new ClaimRequest(claim, ClaimMode.Exclusive, 1, "") { Intent = ClaimIntent.Queue }, Token);

    private static async Task EventuallyAsync(Func<Task> act)
    {
        using var limit = new CancellationTokenSource(Long);
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (Exception e) when (!limit.IsCancellationRequested && e is (CoordinationException and not LeaseLostException) or Xunit.Sdk.XunitException)
            {
                await Task.Delay(50, Token);
            }
        }
    }

    private async Task<IBackendSession> OpenAsync(string configuration) =>
        await Own(RedisBackend.Create(configuration)).OpenSessionAsync(new SessionRequest(Long), _hints, Token);

    private Coordinator Connect(string configuration) =>
        Own(new Coordinator(RedisBackend.Create(configuration), new CoordinatorOptions { LeaseDuration = Long }));

    private T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
