using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>Settings of a server that break what promises rest on are warned of by name.</summary>
public sealed class SettingsTests
{
    private const int MayEvict = 2007;
    private const int NotPermitted = 2008;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("allkeys-lru")]
    [InlineData("volatile-ttl")]
    public async Task A_server_that_may_evict_is_warned_of_once(string policy)
    {
        await using var server = await StartAsync("--maxmemory", "100mb", "--maxmemory-policy", policy);
        var log = new RecordingLog();
        await UseAsync(server.EndPoint, log);

        var (_, level, text) = await log.OfAsync(MayEvict);

        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains($"maxmemory-policy is {policy}", text, StringComparison.Ordinal);
        Assert.Contains("104857600", text, StringComparison.Ordinal);
        Assert.Contains(server.EndPoint, text, StringComparison.Ordinal);
        Assert.Single(log.Events, static e => e.Id == MayEvict);
    }

    [Fact]
    public async Task A_server_that_evicts_nothing_is_not_warned_of()
    {
        await using var limited = await StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "noeviction");
        await using var unlimited = await StartAsync("--maxmemory-policy", "allkeys-lru");
        foreach (var server in new[] { limited, unlimited })
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(server.EndPoint);
            Assert.False((await RedisServerSettings.InspectAsync(connection.GetServers()[0], Token)).MayEvict);
        }
    }

    [Fact]
    public async Task A_user_who_may_not_ask_goes_on_and_it_is_noted()
    {
        await using var server = await StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await new RedisNodeAt(server.Port).ExecuteAsync("ACL SETUSER default -info -config");
        var log = new RecordingLog();
        await UseAsync(server.EndPoint, log);

        var (_, level, text) = await log.OfAsync(NotPermitted);

        Assert.Equal(LogLevel.Debug, level);
        Assert.Contains(server.EndPoint, text, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Events, static e => e.Id == MayEvict);
    }

    [Fact]
    public async Task What_a_server_says_of_itself_is_read()
    {
        await using var server = await StartAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{server.EndPoint},allowAdmin=true");
        var node = connection.GetServers()[0];

        var settings = await RedisServerSettings.InspectAsync(node, Token);
        Assert.Equal(40, settings.RunId.Length);
        Assert.False(settings.IsReplica);
        Assert.True(settings.ForgetsOnRestart);
        await node.ConfigSetAsync("save", "60 1");
        Assert.False((await RedisServerSettings.InspectAsync(node, Token)).ForgetsOnRestart);
        await node.ConfigSetAsync("save", "");
        await node.ConfigSetAsync("appendonly", "yes");
        Assert.False((await RedisServerSettings.InspectAsync(node, Token)).ForgetsOnRestart);
    }

    private static async Task UseAsync(string configuration, RecordingLog log)
    {
        await using var coordinator = new Coordinator(RedisBackend.Create(new RedisBackendOptions { Configuration = configuration + Patient.Connection }, log));
        await using (await coordinator.CreateLock("x").AcquireAsync(Token))
        {
        }

        await using (await coordinator.CreateLock("y").AcquireAsync(Token))
        {
        }

        await log.OfAsync(MayEvict, NotPermitted);
    }

    private static async Task<RedisServerProcess> StartAsync(params string[] arguments)
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        var server = new RedisServerProcess(arguments);
        await server.StartAsync();
        return server;
    }
}
