using System.Text.RegularExpressions;
using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;

namespace Coordination.Redis.Tests;

/// <summary>What things cost at the server, by its own count of commands.</summary>
public sealed partial class CostTests(CostFixture fixture) : BackendTests(fixture), IClassFixture<CostFixture>
{
    [Fact]
    public async Task Without_contention_a_claim_and_its_release_are_one_command_each_and_nothing_is_published()
    {
        var (warm, _) = await HoldAsync();
        await Session.ReleaseAsync(warm, Token);

        var cost = await CountAsync(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                var (held, _) = await HoldAsync();
                await Session.ReleaseAsync(held, Token);
            }
        });

        Assert.Equal(40, cost.Sent);
        Assert.Equal(40, cost["evalsha"]);
        Assert.Equal(0, cost["publish"]);
        Assert.Equal(0, cost["zadd"] + cost["zrem"] + cost["hgetall"] + cost["pexpireat"]);
    }

    [Fact]
    public async Task Trying_once_needs_no_subscription_and_the_first_claim_that_may_wait_subscribes_once()
    {
        await using var fresh = Connect();
        var session = await OpenAsync(backend: fresh);

        // The connection's own subscription comes with it.
        var (warm, _) = await ClaimAsync(intent: ClaimIntent.TryOnce, session: session);
        await session.ReleaseAsync(warm, Token);
        var trying = await CountAsync(() => ClaimAsync(intent: ClaimIntent.TryOnce, session: session));
        Assert.Equal(0, trying["subscribe"]);

        var queueing = await CountAsync(async () =>
        {
            await ClaimAsync(session: session);
            await ClaimAsync(session: session);
        });

        Assert.Equal(1, queueing["subscribe"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(256)]
    public async Task G7_an_acquisition_costs_two_commands_and_one_message_however_many_wait(int waiters)
    {
        // Once before it counts: a server that does not know a script yet is asked twice.
        await Session.ReleaseAsync((await HoldAsync()).Key, Token);
        var (holder, _) = await HoldAsync();
        var queue = new Queue<ClaimKey>();
        for (var i = 0; i < waiters; i++)
        {
            queue.Enqueue((await QueueAsync()).Key);
        }

        var cost = await CountAsync(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                await Session.ReleaseAsync(holder, Token);
                holder = queue.Dequeue();
                await Hints.GrantOfAsync(holder.Id);
                queue.Enqueue((await QueueAsync()).Key);
            }
        });

        Assert.Equal(100, cost.Sent);
        Assert.Equal(50, cost["publish"]);
    }

    [Fact]
    public async Task Watchers_of_others_cost_nothing_to_claims_that_are_not_announced()
    {
        await using var watch = await Backend.WatchAsync(Resource, () => { }, Token);
        await Session.ReleaseAsync((await HoldAsync()).Key, Token);
        var silent = await CountAsync(async () => await Session.ReleaseAsync((await HoldAsync()).Key, Token));
        var announced = await CountAsync(async () => await Session.ReleaseAsync((await HoldAsync(announce: true)).Key, Token));

        Assert.Equal(0, silent["publish"]);
        Assert.Equal(2, announced["publish"]);
        Assert.Equal(silent.Sent, announced.Sent);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(128, 1)]
    [InlineData(129, 2)]
    [InlineData(1000, 8)]
    public async Task G12_claims_of_many_resources_are_renewed_and_ended_in_batches_of_a_fixed_size(int count, int batches)
    {
        var claims = Enumerable.Range(0, count).Select(i => new ClaimKey($"{Resource}/{i}", NewId())).ToList();
        foreach (var claim in claims)
        {
            await Session.ClaimAsync(new ClaimRequest(claim, ClaimMode.Exclusive, 1, "value"), Token);
        }

        await Session.RenewAsync(claims, Token);
        RenewalResult? renewal = null;
        var renewing = await CountAsync(async () => renewal = await Session.RenewAsync(claims, Token));
        await Session.EndAsync([claims[0]], Token);
        var ending = await CountAsync(async () => await Session.EndAsync(claims, Token));

        Assert.Equal(batches, renewing.Sent);
        Assert.Equal(batches, ending.Sent);
        Assert.Empty(renewal!.Exceptions);
    }

    [Fact]
    public async Task Those_who_gave_up_waiting_cost_those_who_come_after_them_nothing()
    {
        // Long, as the moments at which ids are free again are a quarter of it apart.
        var session = await OpenAsync(600_000);
        await HoldAsync(session: session);

        // Each leaves its id used up for a duration. Whoever reads them all makes n waiters cost n squared.
        var cost = await CountAsync(async () =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                var (gaveUp, _) = await QueueAsync(session: session);
                await session.ReleaseAsync(gaveUp, Token);
            }
        });

        Assert.InRange(cost["hgetall"], 0, 300);
        var usedUp = (await Database.HashGetAllAsync(Backend.Keys.Of(Resource).Claims)).Where(field => field.Name.StartsWith("!")).ToArray();
        Assert.Equal(1_000, usedUp.Length);

        // Each moment at which some end is another walk through all.
        Assert.InRange(usedUp.Select(field => field.Value).Distinct().Count(), 1, 2);
    }

    [Fact]
    public async Task Many_claims_of_a_queue_that_are_gone_are_looked_for_once()
    {
        await HoldAsync();
        var waiting = new List<ClaimKey>();
        for (var i = 0; i < 100; i++)
        {
            waiting.Add((await QueueAsync()).Key);
        }

        var claims = Backend.Keys.Of(Resource).Claims;
        await Database.HashDeleteAsync(claims, [.. waiting.Select(claim => (StackExchange.Redis.RedisValue)claim.Id)]);

        var cost = await CountAsync(() => Session.RenewAsync(waiting, Token).AsTask());

        Assert.Equal(1, cost["hgetall"]);
    }

    [Fact]
    public async Task A_resource_that_is_used_all_the_time_is_seldom_swept()
    {
        var session = await OpenAsync(30_000);
        await session.ReleaseAsync((await HoldAsync(session: session)).Key, Token);

        var cost = await CountAsync(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await session.ReleaseAsync((await HoldAsync(session: session)).Key, Token);
            }
        });

        Assert.Equal(0, cost["hgetall"]);
    }

    private async Task<Cost> CountAsync(Func<Task> what)
    {
        await Server.ConfigResetStatisticsAsync();
        await what();
        return new Cost(await Server.InfoRawAsync("commandstats") ?? "");
    }

    private sealed partial class Cost(string stats)
    {
        // What clients send of their own accord, and what we send to count.
        private static readonly string[] Others = ["info", "config|resetstat", "ping"];

        private readonly Dictionary<string, int> _calls = Line().Matches(stats)
            .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, null), StringComparer.Ordinal);

        /// <summary>Script calls and subscriptions, which clients send; the rest is called by scripts.</summary>
        public int Sent => _calls.Where(pair => pair.Key is "evalsha" or "eval" or "subscribe" or "unsubscribe" or "script|load").Sum(pair => pair.Value);

        public int this[string command] => Others.Contains(command) ? throw new ArgumentException(command) : _calls.GetValueOrDefault(command);

        [GeneratedRegex("cmdstat_([a-z|]+):calls=([0-9]+)")]
        private static partial Regex Line();
    }
}

/// <summary>A redis-server that nobody else uses.</summary>
public sealed class CostFixture : IServerFixture
{
    private RedisServerProcess? _server;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask<string> RequireAsync()
    {
        if (_server is null)
        {
            Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
            _server = new RedisServerProcess();
            await _server.StartAsync();
        }

        return _server.EndPoint;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
