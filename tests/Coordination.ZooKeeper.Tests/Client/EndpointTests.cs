using System.Net;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>Connection strings, paths and chroots.</summary>
public sealed class EndpointTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:2181")]
    [InlineData("127.0.0.1:1, 127.0.0.2:2 ,127.0.0.1:1", "127.0.0.1:1 127.0.0.2:2")]
    [InlineData("[::1]:7/root/x", "[::1]:7")]
    [InlineData("[::1]", "[::1]:2181")]
    [InlineData("127.0.0.1:1/", "127.0.0.1:1")]
    public async Task A_connection_string_names_servers(string text, string expected)
    {
        var servers = await new ZooKeeperEndpoints(text).ResolveAsync(null, static (_, exception) => throw exception, Limit, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Split(' '), servers.Select(static server => server.Address.ToString()).Order());
    }

    [Fact]
    public async Task Servers_come_in_any_order_and_the_last_used_one_last()
    {
        var endpoints = new ZooKeeperEndpoints("127.0.0.1:1,127.0.0.1:2,127.0.0.1:3");
        var all = await endpoints.ResolveAsync(null, static (_, exception) => throw exception, Limit, TimeProvider.System, TestContext.Current.CancellationToken);
        var firsts = new HashSet<int>();
        for (var i = 0; i < 200; i++)
        {
            var next = await endpoints.ResolveAsync(all[0], static (_, exception) => throw exception, Limit, TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.Equal(all[0], next[^1]);
            firsts.Add(next[0].Address.Port);
        }

        Assert.Equal(2, firsts.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" , ")]
    [InlineData("/root")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:x")]
    [InlineData("host:")]
    [InlineData("ho st:1")]
    [InlineData("[::1:1")]
    [InlineData("::1]:1")]
    [InlineData("[::1]x:1")]
    [InlineData("host:1/a/")]
    [InlineData("host:1/a//b")]
    public void One_that_is_wrong_is_refused(string text)
    {
        Assert.ThrowsAny<ArgumentException>(() => new ZooKeeperEndpoints(text));
    }

    [Fact]
    public void A_chroot_is_put_before_paths_and_taken_away_again()
    {
        var chroot = new ZooKeeperChroot("/root/x");
        foreach (var (inside, outside) in ((string, string)[])[("/", "/root/x"), ("/a", "/root/x/a"), ("/a/b", "/root/x/a/b")])
        {
            Assert.Equal(outside, chroot.ToServer(inside));
            Assert.Equal(inside, chroot.FromServer(outside));
        }

        foreach (var wrong in (string[])["/root", "/root/xy", "/", "", "/other"])
        {
            Assert.Throws<InvalidDataException>(() => chroot.FromServer(wrong));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Options_out_of_range_are_refused(int seconds)
    {
        Assert.Throws<ArgumentException>(() => new ZooKeeperClient(new ZooKeeperClientOptions { SessionTimeout = TimeSpan.FromSeconds(seconds) }));
        Assert.Throws<ArgumentException>(() => new ZooKeeperClient(new ZooKeeperClientOptions { ConnectTimeout = TimeSpan.FromSeconds(seconds) }));
        Assert.Throws<ArgumentException>(() => new ZooKeeperClient(new ZooKeeperClientOptions { Acl = [] }));
        Assert.Throws<ArgumentException>(() => new ZooKeeperClient(new ZooKeeperClientOptions { SessionId = 7 }));
        Assert.Throws<ArgumentException>(() => new ZooKeeperClient(new ZooKeeperClientOptions { SessionPassword = new byte[16] }));
        Assert.Throws<ArgumentException>(() => new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = "" }));
    }

    [Fact]
    public async Task A_name_that_is_not_resolved_in_time_is_left_out_and_costs_the_others_nothing()
    {
        var endpoints = new ZooKeeperEndpoints("silent:1,quick:2,also-silent:3", async (host, token) =>
        {
            // The system's resolver does not hear of the token either, once it has begun.
            await Task.Delay(host == "quick" ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, host == "silent" ? CancellationToken.None : token);
            return [IPAddress.Loopback];
        });
        var failures = new List<string>();
        var servers = await endpoints.ResolveAsync(
            null, (host, exception) => failures.Add($"{host}: {exception.Message}"), TimeSpan.FromMilliseconds(300), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 2)], servers.Select(static server => server.Address));
        Assert.Equal(["silent:1: its name was not resolved within 0.3 s", "also-silent:3: its name was not resolved within 0.3 s"], failures);

        // Who has stopped waiting is not told of time-outs.
        using var stopped = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endpoints.ResolveAsync(null, static (_, _) => Assert.Fail("Told"), Limit, TimeProvider.System, stopped.Token));
    }
}
