using System.Diagnostics;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>Servers that are away, refuse, or forget: the error says so, and nothing is left behind.</summary>
public sealed class FaultTests : IAsyncLifetime
{
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
    public async Task An_absent_server_is_told_of_soon_and_may_come()
    {
        var server = Own(new RedisServerProcess());
        var session = await OpenAsync(server.EndPoint);
        var began = Stopwatch.GetTimestamp();

        var fault = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session));

        Assert.True(fault.IsTransient);
        AssertNames(fault, "claim", "out of reach");
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
        await server.StartAsync();
        await EventuallyAsync(async () => Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session)).Outcome));
    }

    [Fact]
    public async Task A_frozen_server_keeps_nobody_who_gives_up_and_what_was_sent_may_be_applied()
    {
        var server = await StartAsync();
        var session = await OpenAsync(server);
        await ClaimAsync(session, "warm");
        await server.FreezeAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        var given = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ClaimAsync(session, "frozen", patience.Token));

        Assert.Equal(patience.Token, given.CancellationToken);
        await server.ResumeAsync();
        await EventuallyAsync(async () => Assert.Equal(ClaimOutcome.Waiting, (await ClaimAsync(session, "frozen")).Outcome));
    }

    [Fact]
    public async Task A_server_that_freezes_while_it_is_connected_to_is_told_of()
    {
        var server = await StartAsync();
        await server.FreezeAsync();
        var session = await OpenAsync(server.EndPoint);

        var fault = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session));

        Assert.True(fault.IsTransient);
        AssertNames(fault, "claim", "out of reach");
    }

    [Fact]
    public async Task After_SCRIPT_FLUSH_no_call_fails()
    {
        var server = await StartAsync();
        var session = await OpenAsync(server);
        await using var connection = await AdminAsync(server);
        for (var i = 0; i < 3; i++)
        {
            await connection.GetServer(server.EndPoint).ScriptFlushAsync();
            Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, $"{i}")).Outcome);
            await connection.GetServer(server.EndPoint).ScriptFlushAsync();
            Assert.Empty((await session.RenewAsync([Key($"{i}")], Token)).Exceptions);
            Assert.True(await session.ReleaseAsync(Key($"{i}"), Token));
        }
    }

    [Fact]
    public async Task After_a_restart_without_data_claims_are_lost_and_tokens_grow()
    {
        var server = await StartAsync();
        var session = await OpenAsync(server);
        var before = await ClaimAsync(session, "before");
        await server.RestartAsync();

        RenewalResult? renewal = null;
        await EventuallyAsync(async () => renewal = await session.RenewAsync([Key("before")], Token));

        Assert.Equal([new(0, ClaimRenewalOutcome.Lost)], renewal!.Exceptions);
        var after = await ClaimAsync(session, "after");
        Assert.Equal(ClaimOutcome.Granted, after.Outcome);
        Assert.True(before.Token < after.Token);
    }

    [Fact]
    public async Task After_a_restart_with_data_claims_are_there_and_waiters_hear_of_grants()
    {
        var server = Own(new RedisServerProcess("--appendonly", "yes", "--appendfsync", "always"));
        await server.StartAsync();
        var session = await OpenAsync(server);
        var held = await ClaimAsync(session, "held");
        await ClaimAsync(session, "waiting");
        await server.RestartAsync();

        await _hints.AskAgainAsync();
        await EventuallyAsync(async () => Assert.Empty((await session.RenewAsync([Key("held"), Key("waiting")], Token)).Exceptions));

        // Asked again they may have been when the connection for calls was back. What is published before the other one is back, is not heard.
        await using var connection = await AdminAsync(server);
        await EventuallyAsync(async () => Assert.NotEmpty(await ChannelsAsync(connection)));

        await session.ReleaseAsync(Key("held"), Token);
        Assert.True(held.Token < await _hints.GrantOfAsync("waiting"));
    }

    [Fact]
    public async Task After_FLUSHALL_each_renewal_says_lost()
    {
        var server = await StartAsync();
        var session = await OpenAsync(server);
        await ClaimAsync(session, "a");
        await using var connection = await AdminAsync(server);
        await connection.GetServer(server.EndPoint).FlushAllDatabasesAsync();

        var renewal = await session.RenewAsync([Key("a")], Token);

        Assert.False(renewal.IsSessionLost);
        Assert.Equal([new(0, ClaimRenewalOutcome.Lost)], renewal.Exceptions);
        Assert.False(await session.ReleaseAsync(Key("a"), Token));
    }

    [Fact]
    public async Task A_server_out_of_memory_enters_no_claim_yet_renews_grants_and_releases()
    {
        var server = await StartAsync("--maxmemory-policy", "noeviction");
        var session = await OpenAsync(server);
        await ClaimAsync(session, "held");
        await ClaimAsync(session, "waiting");
        await using var connection = await AdminAsync(server);
        await connection.GetServer(server.EndPoint).ConfigSetAsync("maxmemory", 1);

        var fault = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session, "refused"));
        var free = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session, "refused", resource: "other"));

        Assert.True(fault.IsTransient);
        AssertNames(fault, "claim", "out of memory");
        Assert.Contains("'other'", free.Message, StringComparison.Ordinal);
        Assert.Empty((await session.RenewAsync([Key("held"), Key("waiting")], Token)).Exceptions);
        Assert.False(await session.ReleaseAsync(Key("refused"), Token));
        Assert.True(await session.ReleaseAsync(Key("held"), Token));
        await _hints.GrantOfAsync("waiting");
        Assert.True(await session.ReleaseAsync(Key("waiting"), Token));
        Assert.False(await connection.GetDatabase().KeyExistsAsync("coordination:{other}"));
    }

    [Fact]
    public async Task A_replica_says_that_it_is_read_only()
    {
        var primary = await StartAsync();
        var replica = await StartAsync("--replicaof", "127.0.0.1", $"{primary.Port}");
        var session = await OpenAsync(replica);

        var fault = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session));

        Assert.True(fault.IsTransient);
        AssertNames(fault, "claim", "replica");
    }

    [Theory]
    [InlineData("")]
    [InlineData(",password=wrong")]
    public async Task A_missing_or_wrong_password_is_named_and_not_retried(string password)
    {
        var server = await StartAsync("--requirepass", "secret");

        var session = await OpenAsync(server.EndPoint + password);
        CoordinationException fault;
        do
        {
            // While the driver finds out, it may say no more than that it is not connected: the engine asks again.
            fault = await Assert.ThrowsAsync<CoordinationException>(() => ClaimAsync(session));
        }
        while (fault.IsTransient);

        AssertNames(fault, "claim", "password");
        var right = await OpenAsync(server, ",password=secret");
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(right)).Outcome);
    }

    [Fact]
    public async Task A_missing_permission_is_named()
    {
        var server = await StartAsync();
        await using var connection = await AdminAsync(server);
        await connection.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "-eval", "-evalsha");

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await ClaimAsync(await OpenAsync(server)));

        Assert.False(fault.IsTransient);
        AssertNames(fault, "claim", "permission");
    }

    [Fact]
    public async Task Without_the_right_to_publish_the_release_says_so_and_is_done_with_all_its_grants()
    {
        var server = await StartAsync();
        await using var connection = await AdminAsync(server);
        var session = await OpenAsync(server);
        await ClaimAsync(session, "holds");
        await ClaimAsync(session, "reads", mode: ClaimMode.Shared);
        await ClaimAsync(session, "reads too", mode: ClaimMode.Shared);
        await connection.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "-publish");

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await session.ReleaseAsync(Key("holds"), Token));

        AssertNames(fault, "release", "lacks a permission");
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "reads", mode: ClaimMode.Shared)).Outcome);
        Assert.Equal(ClaimOutcome.Granted, (await ClaimAsync(session, "reads too", mode: ClaimMode.Shared)).Outcome);
    }

    [Fact]
    public async Task In_a_cluster_claims_of_many_slots_are_renewed_and_ended()
    {
        var server = await StartAsync("--cluster-enabled", "yes", "--cluster-port", $"{FreePort.Next()}", "--cluster-announce-ip", "127.0.0.1");
        await using var connection = await AdminAsync(server);
        await connection.GetDatabase().ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        await EventuallyAsync(async () => Assert.Contains("cluster_state:ok", (string?)await connection.GetDatabase().ExecuteAsync("CLUSTER", "INFO"), StringComparison.Ordinal));
        var session = await OpenAsync(server);
        var claims = Enumerable.Range(0, 300).Select(i => Key($"claim {i}", $"resource {i / 2}")).ToArray();
        foreach (var claim in claims)
        {
            await ClaimAsync(session, claim.Id, resource: claim.Resource);
        }

        Assert.True(await session.ReleaseAsync(claims[8], Token));
        var renewed = await session.RenewAsync(claims, Token);

        Assert.Equal(
            [(8, ClaimRenewalOutcome.Lost), (9, ClaimRenewalOutcome.Granted)],
            renewed.Exceptions.Select(exception => (exception.Index, exception.Outcome)).Order());
        await session.EndAsync(claims, Token);
        Assert.All((await session.RenewAsync(claims, Token)).Exceptions, exception => Assert.Equal(ClaimRenewalOutcome.Lost, exception.Outcome));
    }

    [Fact]
    public async Task A_server_that_lacks_a_command_is_called_too_old()
    {
        var server = await StartAsync("--rename-command", "HMGET", "");

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await ClaimAsync(await OpenAsync(server)));

        Assert.False(fault.IsTransient);
        AssertNames(fault, "claim", "Redis 6.2 or later");
    }

    [Fact]
    public async Task A_key_that_is_anothers_is_left_alone()
    {
        var server = await StartAsync();
        await using var connection = await AdminAsync(server);
        await connection.GetDatabase().StringSetAsync("coordination:{r}", "mine");

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await ClaimAsync(await OpenAsync(server)));

        Assert.False(fault.IsTransient);
        AssertNames(fault, "claim", "KeyPrefix");
        Assert.Equal("mine", await connection.GetDatabase().StringGetAsync("coordination:{r}"));
    }

    [Fact]
    public async Task A_connection_of_the_applications_is_left_open_without_our_subscriptions()
    {
        var server = await StartAsync();
        await using var connection = await AdminAsync(server);
        var backend = new RedisBackend(connection);
        var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(30)), _hints, Token);
        await ClaimAsync(session);
        await backend.WatchAsync("r", () => { }, Token);

        await backend.DisposeAsync();

        Assert.True(connection.IsConnected);
        await EventuallyAsync(async () => Assert.Empty(await ChannelsAsync(connection)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ClaimAsync(session));
    }

    [Fact]
    public async Task A_subscription_that_was_given_up_half_way_is_made_anew()
    {
        var server = await StartAsync();
        await using var connection = await AdminAsync(server);
        await using var backend = new RedisBackend(connection);
        var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(30)), _hints, Token);
        await server.FreezeAsync();
        using var givenUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ClaimAsync(session, token: givenUp.Token));
        await server.ResumeAsync();

        await ClaimAsync(session, "holds");
        await ClaimAsync(session, "waits");
        await session.ReleaseAsync(Key("holds"), Token);

        await _hints.GrantOfAsync("waits");
        Assert.Single(_hints.Grants);
    }

    [Fact]
    public async Task After_its_disposal_a_backend_says_so_though_it_was_never_used()
    {
        var server = await StartAsync();
        await using var connection = await AdminAsync(server);
        var backend = new RedisBackend(connection);
        var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(30)), _hints, Token);

        await backend.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => ClaimAsync(session));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await backend.WatchAsync("r", () => { }, Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await backend.InspectAsync("r", false, Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await session.RenewAsync([Key("c")], Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await session.ReleaseAsync(Key("c"), Token));
    }

    [Fact]
    public async Task A_channel_prefix_keeps_nobody_from_hearing_of_a_grant()
    {
        var server = await StartAsync();
        var session = await OpenAsync(server, ",channelPrefix=mine:");
        await ClaimAsync(session, "holds");
        await ClaimAsync(session, "waits");

        await session.ReleaseAsync(Key("holds"), Token);

        await _hints.GrantOfAsync("waits");
    }

    [Fact]
    public async Task A_connection_of_the_applications_with_a_channel_prefix_is_refused()
    {
        var server = await StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{server.EndPoint},channelPrefix=mine:");

        var refusal = Assert.Throws<ArgumentException>(() => new RedisBackend(connection));

        Assert.Contains("ChannelPrefix", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_a_backend_that_was_never_used_or_cannot_connect_ends()
    {
        await RedisBackend.Create(new RedisBackendOptions { Configuration = "127.0.0.1:1" }).DisposeAsync();
        var backend = RedisBackend.Create(new RedisBackendOptions { Configuration = "127.0.0.1:1" });
        var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(30)), _hints, Token);
        var claim = ClaimAsync(session);

        await backend.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => claim);
    }

    private static ClaimKey Key(string id, string resource = "r") => new(resource, id);

    private static async Task<ClaimResult> ClaimAsync(
        IBackendSession session, string id = "claim", CancellationToken token = default, string resource = "r", ClaimMode mode = ClaimMode.Exclusive) =>
        await session.ClaimAsync(new ClaimRequest(Key(id, resource), mode, 1, "value"), token == default ? Token : token);

    private static async Task<ConnectionMultiplexer> AdminAsync(RedisServerProcess server) =>
        await ConnectionMultiplexer.ConnectAsync($"{server.EndPoint},allowAdmin=true{Patient.Connection}");

    // Those that somebody is subscribed to now.
    private static async Task<RedisValue[]> ChannelsAsync(ConnectionMultiplexer connection) =>
        (RedisValue[])(await connection.GetDatabase().ExecuteAsync("PUBSUB", "CHANNELS", "coordination:*"))!;

    private static void AssertNames(CoordinationException fault, string operation, string cause)
    {
        Assert.StartsWith($"Redis could not {operation} 'r': ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
    }

    // What the engine does: asks again while the fault is transient.
    private static async Task EventuallyAsync(Func<Task> attempt)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                await attempt();
                return;
            }
            catch (Exception e) when (!limit.IsCancellationRequested && e is CoordinationException { IsTransient: true } or Xunit.Sdk.XunitException)
            {
                await Task.Delay(20, Token);
            }
        }
    }

    private T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private async Task<RedisServerProcess> StartAsync(params string[] arguments)
    {
        var server = Own(new RedisServerProcess(arguments));
        await server.StartAsync();
        return server;
    }

    // To a server that is there.
    private Task<IBackendSession> OpenAsync(RedisServerProcess server, string more = "") => OpenAsync(server.EndPoint + Patient.Connection + more);

    private async Task<IBackendSession> OpenAsync(string configuration)
    {
        var backend = Own(RedisBackend.Create(new RedisBackendOptions { Configuration = configuration }));
        return await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(30)), _hints, Token);
    }
}
