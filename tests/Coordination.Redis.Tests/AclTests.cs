using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;

namespace Coordination.Redis.Tests;

/// <summary>The rule for users that docs/redis.md gives is enough, and each part of it is needed.</summary>
public sealed class AclTests : IAsyncLifetime
{
    /// <summary>As docs/redis.md has it.</summary>
    private const string Rule =
        "resetkeys ~coordination:* resetchannels &coordination:* -@all +eval +evalsha +subscribe +unsubscribe +publish "
        + "+time +hget +hmget +hset +hdel +hlen +hgetall +zadd +zrem +zcard +zrange +zrank +pexpireat";

    // What the driver asks when it connects, and pings.
    private const string Driver = "+ping +echo";

    private readonly RedisServerProcess? _server = RedisServerProcess.Program is null ? null : new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What can be taken away, each with what then fails.</summary>
    public static TheoryData<string> Parts =>
    [
        "resetkeys ~other:*", "resetchannels &other:*", "-eval", "-evalsha", "-subscribe", "-publish", "-time", "-hget", "-hmget", "-hset", "-hdel", "-hlen",
        "-hgetall", "-zadd", "-zrem", "-zcard", "-zrange", "-zrank", "-pexpireat",
    ];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Missing.SkipIf(_server is null, "redis-server");
        await _server!.StartAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_user_with_this_rule_and_a_password_can_do_everything()
    {
        await using var one = new Coordinator(await BackendAsync($"{Rule} {Driver}"));
        await using var two = new Coordinator(await BackendAsync($"{Rule} {Driver}"));
        var exclusive = await one.CreateLock("lock").AcquireAsync(Token);
        var waiting = two.CreateLock("lock").AcquireAsync(Token).AsTask();
        await UntilWaitingAsync(one, "lock");
        await exclusive.RenewAsync(Token);
        await exclusive.ReleaseAsync(Token);
        await using (var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Token))
        {
            Assert.True(exclusive.FencingToken < next.FencingToken);
        }

        await using (await one.CreateReaderWriterLock("rw").ReadLock.AcquireAsync(Token))
        await using (await two.CreateReaderWriterLock("rw").ReadLock.AcquireAsync(Token))
        {
            Assert.Null(await one.CreateReaderWriterLock("rw").WriteLock.TryAcquireAsync(TimeSpan.Zero, Token));
        }

        await using (await one.CreateSemaphore("semaphore", 2).AcquireAsync(Token))
        await using (await two.CreateSemaphore("semaphore", 2).AcquireAsync(Token))
        {
        }

        await using var leadership = await one.CreateLeaderElection("election").CampaignAsync("a", Token);
        await leadership.ProclaimAsync("b", Token);
        await foreach (var leader in two.CreateLeaderElection("election").ObserveAsync(Token))
        {
            Assert.Equal("b", leader!.Value);
            break;
        }

        var byHand = await one.CreateLock("by hand", new LeaseOptions { AutoRenew = false }).AcquireAsync(Token);
        var ticket = await byHand.DetachAsync(Token);
        await using var attached = await two.CreateLock("by hand", new LeaseOptions { AutoRenew = false }).AttachAsync(ticket, Token);
        Assert.Equal(byHand.FencingToken, attached.FencingToken);
        await EverythingAsync(await BackendAsync($"{Rule} {Driver}"));
    }

    [Fact]
    public async Task With_what_replicas_need_besides_grants_are_confirmed()
    {
        await using var servers = await RedisReplication.StartAsync();
        foreach (var node in new[] { servers.Primary, servers.Replica })
        {
            await node.ExecuteAsync($"ACL SETUSER worker reset on >secret {Rule} {Driver} +wait +client|id");
        }

        await using var coordinator = new Coordinator(RedisBackend.Create(new RedisBackendOptions
        {
            Configuration = $"{servers.Primary.EndPoint},user=worker,password=secret",
            MinReplicaAcks = 1,
        }));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        await lease.RenewAsync(Token);
    }

    [Fact]
    public async Task With_what_a_cluster_needs_besides_all_of_it_is_found()
    {
        await using var cluster = await RedisCluster.StartAsync();
        foreach (var node in cluster.Nodes)
        {
            await node.ExecuteAsync($"ACL SETUSER worker reset on >secret {Rule} {Driver} +cluster|nodes");
        }

        await using var coordinator = new Coordinator(RedisBackend.Create($"{cluster.Nodes[0].EndPoint},user=worker,password=secret"));
        for (var n = 0; n < 20; n++)
        {
            await using var lease = await coordinator.CreateLock($"{n}").AcquireAsync(Token);
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task Without_a_part_of_it_the_error_says_so(string without)
    {
        var backend = await BackendAsync($"{Rule} {Driver} {without}");

        var fault = await Assert.ThrowsAsync<CoordinationException>(() => EverythingAsync(backend));

        Assert.False(fault.IsTransient);
        Assert.Contains("lacks a permission", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told()
    {
        await using var coordinator = new Coordinator(await BackendAsync($"{Rule} {Driver}", password: "wrong"));

        // Where the default user needs no password, the driver goes on as that one.
        await new RedisNodeAt(_server!.Port).ExecuteAsync("ACL SETUSER default off");
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.False(fault.IsTransient);
        Assert.Contains("password", fault.Message, StringComparison.Ordinal);
    }

    private static async Task UntilWaitingAsync(Coordinator coordinator, string name)
    {
        while ((await coordinator.InspectAsync(name, Token)).Waiters.Count == 0)
        {
            await Task.Delay(5, Token);
        }
    }

    // Each script, each of its ways.
    private static async Task EverythingAsync(RedisBackend backend)
    {
        await using var owned = backend;
        var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(20)), new Hints(), Token);
        var brief = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromMilliseconds(1)), new Hints(), Token);
        await ClaimAsync(brief, "a");
        await ClaimAsync(brief, "b");
        await Task.Delay(20, Token);
        await ClaimAsync(session, "c");
        await ClaimAsync(session, "d");
        await ClaimAsync(session, "e");
        await ClaimAsync(session, "e");
        await session.RenewAsync([Key("c"), Key("d")], Token);
        await session.SetValueAsync(Key("c"), "value", Token);
        await backend.InspectAsync("x", holdersOnly: false, Token);
        await using (await backend.WatchAsync("x", static () => { }, Token))
        {
        }

        var ticket = await session.DetachAsync(Key("c"), Token);
        var other = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(20)) { Ticket = ticket }, new Hints(), Token);
        await session.ReleaseAsync(Key("e"), Token);
        await other.ReleaseAsync(Key("c"), Token);
        await session.EndAsync([Key("d")], Token);
    }

    private static ClaimKey Key(string id) => new("x", id);

    private static async Task ClaimAsync(IBackendSession session, string id) =>
        await session.ClaimAsync(new ClaimRequest(Key(id), ClaimMode.Exclusive, 1, "") { Intent = ClaimIntent.Queue, Announce = true }, Token);

    private async Task<RedisBackend> BackendAsync(string rule, string password = "secret")
    {
        var node = new RedisNodeAt(_server!.Port);
        await node.ExecuteAsync("SCRIPT FLUSH");
        await node.ExecuteAsync($"ACL SETUSER worker reset on >secret {rule}");

        // With a wrong password it would take as long until that is told.
        return RedisBackend.Create($"{_server.EndPoint},user=worker,password={password}{(password == "secret" ? Patient.Connection : "")}");
    }
}
