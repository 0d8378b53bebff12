using System.Diagnostics;
using Coordination.Conformance;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Servers;
using Coordination.ZooKeeper.Tests.Support;
using static Coordination.ZooKeeper.Tests.Client.ClientServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>What becomes of a session when connections are lost, servers fail, and it ends.</summary>
public sealed class SessionTests(ClientServer server) : IClassFixture<ClientServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lost_connection_is_told_and_the_session_goes_on_over_another()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var client = cut.Client;
        var parent = await NodeAsync(client);
        var id = client.SessionId;
        await client.CreateAsync($"{parent}/e", mode: ZooKeeperCreateMode.Ephemeral, cancellationToken: Token);
        cut.Proxy.Reset();
        await cut.SeesAsync(ZooKeeperState.Connected, ZooKeeperState.Suspended, ZooKeeperState.Connected);
        Assert.Equal(id, client.SessionId);
        Assert.Equal(id, (await client.ExistsAsync($"{parent}/e", cancellationToken: Token))!.Value.EphemeralOwner);
    }

    [Fact]
    public async Task A_request_whose_reply_is_lost_fails_as_ambiguous_and_was_done()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var parent = await NodeAsync(cut.Client);
        var lost = cut.Proxy.LoseReplyOf(FaultProxy.Mentions("ambiguous"));
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => cut.Client.CreateAsync($"{parent}/ambiguous", cancellationToken: Token));
        await lost;
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
        Assert.Contains("not known", exception.Message, StringComparison.Ordinal);
        Assert.NotNull(await cut.Client.ExistsAsync($"{parent}/ambiguous", cancellationToken: Token));
    }

    [Fact]
    public async Task Requests_without_a_connection_wait_for_one_in_their_order_and_cancelled_ones_are_never_sent()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var client = cut.Client;
        var parent = await NodeAsync(client);
        cut.Proxy.Refuse();
        await cut.SeesAsync(ZooKeeperState.Suspended);
        using var source = new CancellationTokenSource();
        var cancelled = client.CreateAsync($"{parent}/cancelled", cancellationToken: source.Token);
        var numbers = Enumerable.Range(0, 5).Select(_ => client.CreateAsync($"{parent}/n", mode: ZooKeeperCreateMode.PersistentSequential, cancellationToken: Token)).ToArray();
        var list = client.GetChildrenAsync(parent, cancellationToken: Token);
        Assert.False(list.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => cancelled);
        var refused = await Assert.ThrowsAsync<ZooKeeperException>(() => client.ConnectAsync(Token));
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, refused.ErrorCode);
        Assert.NotNull(client.LastError);

        cut.Proxy.Resume();
        for (var i = 0; i < numbers.Length; i++)
        {
            Assert.Equal($"{parent}/n{i:D10}", (await numbers[i]).Path);
        }

        Assert.Equal(5, (await list).Names.Count);
        Assert.Null(client.LastError);
    }

    [Fact]
    public async Task An_idle_session_is_kept_by_pings()
    {
        await using var client = await server.ConnectAsync(static options => options.SessionTimeout = TimeSpan.FromSeconds(4));
        var parent = await NodeAsync(client);
        var (path, _) = await client.CreateAsync($"{parent}/e", mode: ZooKeeperCreateMode.Ephemeral, cancellationToken: Token);
        await Task.Delay(TimeSpan.FromSeconds(6), Token);
        Assert.NotNull(await client.ExistsAsync(path, cancellationToken: Token));
    }

    [Fact]
    public async Task The_servers_say_how_short_a_session_may_be()
    {
        await using var client = await server.ConnectAsync(static options =>
        {
            options.SessionTimeout = TimeSpan.FromMilliseconds(1);
            options.ConnectTimeout = TimeSpan.FromSeconds(30);
        });
        Assert.Equal(TimeSpan.FromMilliseconds(2 * server.Server.TickTime), client.NegotiatedTimeout);
    }

    [Fact]
    public async Task A_server_that_says_nothing_any_more_is_left_within_the_session()
    {
        await using var cut = await CutClient.ConnectAsync(server, options => options.SessionTimeout = TimeSpan.FromSeconds(9));
        var began = Stopwatch.GetTimestamp();
        cut.Proxy.Pause();
        var read = cut.Client.ExistsAsync("/", cancellationToken: Token);
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => read);
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(9));
        cut.Proxy.Resume();
        await cut.SeesAsync(ZooKeeperState.Suspended, ZooKeeperState.Connected);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_the_time_it_is_given_is_left()
    {
        await using var cut = await CutClient.ConnectAsync(server, static options =>
        {
            options.SessionTimeout = TimeSpan.FromMinutes(10);
            options.ReplyTimeout = TimeSpan.FromSeconds(2);
        });
        cut.Proxy.Pause();
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => cut.Client.SyncAsync(cancellationToken: Token).WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
        Assert.Contains("for 2 s", exception.Message, StringComparison.Ordinal);
        cut.Proxy.Resume();
        await cut.Client.SyncAsync(cancellationToken: Token);
    }

    [Fact]
    public async Task A_session_that_is_not_kept_alive_ends_when_nothing_is_sent()
    {
        await using var cut = await CutClient.ConnectAsync(server, static options =>
        {
            options.SessionTimeout = TimeSpan.FromMilliseconds(500);
            options.ConnectTimeout = TimeSpan.FromSeconds(30);
            options.KeepAlive = false;
        });
        await cut.SeesAsync(ZooKeeperState.Connected, ZooKeeperState.Suspended, ZooKeeperState.Lost);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_ended_is_lost_and_a_new_one_opens_only_if_that_is_asked_for(bool again)
    {
        await using var cut = await CutClient.ConnectAsync(server, options => options.ReconnectAfterLoss = again);
        var client = cut.Client;
        var id = client.SessionId;
        var told = new TaskCompletionSource<ZooKeeperEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var watch = await client.AddWatchAsync("/", ZooKeeperWatchMode.PersistentRecursive, change => told.TrySetResult(change), Token);

        // Cut off, so that it does not take the session back before its end is read from the other connection.
        cut.Proxy.Refuse();
        await cut.SeesAsync(ZooKeeperState.Suspended);
        await OtherConnection.EndSessionAsync(server.Server.EndPoint, id, client.SessionPassword);
        cut.Proxy.Resume();
        if (again)
        {
            await cut.SeesAsync(ZooKeeperState.Suspended, ZooKeeperState.Lost, ZooKeeperState.Connecting, ZooKeeperState.Connected);
            Assert.NotEqual(id, client.SessionId);
            await client.SyncAsync(cancellationToken: Token);
        }
        else
        {
            await cut.SeesAsync(ZooKeeperState.Suspended, ZooKeeperState.Lost);
            Assert.Equal(id, client.SessionId);
            var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token));
            Assert.Equal(ZooKeeperErrorCode.SessionExpired, exception.ErrorCode);
            Assert.Equal(ZooKeeperErrorCode.SessionExpired, (await Assert.ThrowsAsync<ZooKeeperException>(() => client.ConnectAsync(Token))).ErrorCode);
        }

        Assert.Equal(ZooKeeperEventType.LookAgain, (await told.Task).Type);
    }

    [Fact]
    public async Task Requests_that_wait_fail_when_the_session_is_lost()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        cut.Proxy.Refuse();
        await cut.SeesAsync(ZooKeeperState.Suspended);
        var waiting = cut.Client.SyncAsync(cancellationToken: Token);
        await OtherConnection.EndSessionAsync(server.Server.EndPoint, cut.Client.SessionId, cut.Client.SessionPassword);
        cut.Proxy.Resume();
        Assert.Equal(ZooKeeperErrorCode.SessionExpired, (await Assert.ThrowsAsync<ZooKeeperException>(() => waiting)).ErrorCode);
        Assert.Equal(ZooKeeperState.Lost, cut.Client.State);
    }

    [Fact]
    public async Task A_detached_session_is_taken_over_with_its_nodes_by_id_and_password()
    {
        var first = await server.ConnectAsync();
        var parent = await NodeAsync(first);
        var (path, _) = await first.CreateAsync($"{parent}/e", mode: ZooKeeperCreateMode.Ephemeral, cancellationToken: Token);
        var (id, password) = (first.SessionId, first.SessionPassword);
        await first.DetachAsync();
        Assert.Equal(ZooKeeperState.Closed, first.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.SyncAsync(cancellationToken: Token));

        await using (var second = await server.ConnectAsync(options => (options.SessionId, options.SessionPassword) = (id, password)))
        {
            Assert.Equal(id, second.SessionId);
            Assert.Equal(id, (await second.ExistsAsync(path, cancellationToken: Token))!.Value.EphemeralOwner);
            await second.CloseAsync(Token);
        }

        await using var third = server.Client(options => (options.SessionId, options.SessionPassword) = (id, password));
        Assert.Equal(ZooKeeperErrorCode.SessionExpired, (await Assert.ThrowsAsync<ZooKeeperException>(() => third.ConnectAsync(Token))).ErrorCode);
    }

    [Fact]
    public async Task A_wrong_password_takes_no_session_over()
    {
        // Not while its own client is there: that one loses its connection by the attempt, and takes the session back before the attempt is answered.
        var first = await server.ConnectAsync();
        var (id, password) = (first.SessionId, first.SessionPassword);
        await first.DetachAsync();
        await using var second = server.Client(options => (options.SessionId, options.SessionPassword) = (id, new byte[16]));
        Assert.Equal(ZooKeeperErrorCode.SessionExpired, (await Assert.ThrowsAsync<ZooKeeperException>(() => second.ConnectAsync(Token))).ErrorCode);
        await using var third = await server.ConnectAsync(options => (options.SessionId, options.SessionPassword) = (id, password));
        await third.SyncAsync(cancellationToken: Token);
    }

    [Fact]
    public async Task Closing_is_no_lost_connection_and_may_be_done_twice()
    {
        var cut = await CutClient.ConnectAsync(server);
        await Task.WhenAll(cut.Client.CloseAsync(Token), cut.Client.CloseAsync(Token));
        await cut.Client.CloseAsync(Token);
        await cut.DisposeAsync();
        Assert.Equal([ZooKeeperState.Closed], cut.Seen.Except([ZooKeeperState.Connected]));
    }

    [Fact]
    public async Task A_close_whose_reply_is_lost_is_asked_after_until_it_is_certain()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        var (id, password) = (cut.Client.SessionId, cut.Client.SessionPassword);

        // closeSession: 8 bytes, of type -11.
        var lost = cut.Proxy.LoseReplyOf(static piece => piece.Span is [0, 0, 0, 8, .., 0xff, 0xff, 0xff, 0xf5]);
        await cut.Client.CloseAsync(Token);
        await lost;
        Assert.Equal(ZooKeeperState.Closed, cut.Client.State);
        await using var other = server.Client(options => (options.SessionId, options.SessionPassword) = (id, password));
        Assert.Equal(ZooKeeperErrorCode.SessionExpired, (await Assert.ThrowsAsync<ZooKeeperException>(() => other.ConnectAsync(Token))).ErrorCode);
    }

    [Fact]
    public async Task Servers_out_of_reach_are_each_named_with_what_they_failed_with()
    {
        var (a, b) = (FreePort.Next(), FreePort.Next());
        await using var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = $"127.0.0.1:{a},no-such-host.invalid:{b}" });
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.ConnectAsync(Token));
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
        Assert.Contains($"127.0.0.1:{a}", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"no-such-host.invalid:{b}", exception.Message, StringComparison.Ordinal);
        Assert.Equal(ZooKeeperState.Connecting, client.State);
    }

    [Fact]
    public async Task A_server_that_accepts_and_says_nothing_does_not_keep_the_client_from_the_others()
    {
        Missing.SkipWithoutZooKeeper();
        await using var silent = FaultProxy.Start(server.Server.EndPoint);
        silent.Pause();
        for (var i = 0; i < 4; i++)
        {
            await using var client = await server.ConnectAsync(options =>
            {
                options.ConnectionString = $"127.0.0.1:{silent.EndPoint.Port},{server.Server.Address}";
                options.SessionTimeout = TimeSpan.FromSeconds(12);
            });
            Assert.Equal(ZooKeeperState.Connected, client.State);
        }
    }

    [Fact]
    public async Task A_session_outlives_the_restart_of_its_server()
    {
        Missing.SkipWithoutZooKeeper();
        await using var own = new ZooKeeperServerProcess();
        await own.StartAsync();
        await using var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = own.Address, SessionTimeout = TimeSpan.FromSeconds(30) });
        await client.ConnectAsync(Token);
        var (path, stat) = await client.CreateAsync("/e", mode: ZooKeeperCreateMode.Ephemeral, cancellationToken: Token);
        await own.KillAsync();
        await own.StartAsync();
        Assert.Equal(stat, await client.ExistsAsync(path, cancellationToken: Token));
    }

    [Fact]
    public async Task A_server_that_has_lost_its_data_is_taken_with_a_new_session()
    {
        Missing.SkipWithoutZooKeeper();
        await using var own = new ZooKeeperServerProcess();
        await own.StartAsync();
        await using var cut = await CutClient.ConnectAsync(own.EndPoint, static options =>
        {
            options.SessionTimeout = TimeSpan.FromSeconds(1);
            options.ConnectTimeout = TimeSpan.FromSeconds(10);
            options.ReconnectAfterLoss = true;
        });
        var id = cut.Client.SessionId;
        for (var i = 0; i < 10; i++)
        {
            await NodeAsync(cut.Client);
        }

        // It is behind what the session has seen, and would hang up for good.
        await own.KillAsync();
        own.DropData();
        await own.StartAsync();
        await cut.SeesAsync(ZooKeeperState.Lost, ZooKeeperState.Connecting, ZooKeeperState.Connected);
        Assert.NotEqual(id, cut.Client.SessionId);
        Assert.NotNull(await NodeAsync(cut.Client));
    }

    [Fact]
    public async Task Nothing_is_asked_of_a_client_before_it_connects_and_closing_it_needs_no_server()
    {
        await using var client = new ZooKeeperClient(new ZooKeeperClientOptions { ConnectionString = $"127.0.0.1:{FreePort.Next()}" });
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.SyncAsync(cancellationToken: Token));
        await Assert.ThrowsAsync<ZooKeeperException>(() => client.ConnectAsync(Token));
        await client.CloseAsync(Token);
        Assert.Equal(ZooKeeperState.Closed, client.State);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ConnectAsync(Token));
    }
}
