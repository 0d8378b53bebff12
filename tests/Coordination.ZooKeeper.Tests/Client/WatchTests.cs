using System.Collections.Concurrent;
using System.Threading.Channels;
using Coordination.ZooKeeper.Client;
using static Coordination.ZooKeeper.Tests.Client.ClientServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>Watches against a real server.</summary>
public sealed class WatchTests(ClientServer server) : IClassFixture<ClientServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_recursive_watch_sees_all_below_it_in_order_until_it_is_removed()
    {
        await using var client = await server.ConnectAsync();
        await using var other = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var events = new Events();
        var watch = await client.AddWatchAsync(parent, ZooKeeperWatchMode.PersistentRecursive, events.Add, Token);
        for (var i = 0; i < 3; i++)
        {
            await other.CreateAsync($"{parent}/{i}", cancellationToken: Token);
            await other.CreateAsync($"{parent}/{i}/x", cancellationToken: Token);
            await other.SetDataAsync($"{parent}/{i}", "1"u8.ToArray(), cancellationToken: Token);
            await other.DeleteAsync($"{parent}/{i}/x", cancellationToken: Token);
            Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.Created, $"{parent}/{i}"), await events.NextAsync());
            Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.Created, $"{parent}/{i}/x"), await events.NextAsync());
            Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.DataChanged, $"{parent}/{i}"), await events.NextAsync());
            Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.Deleted, $"{parent}/{i}/x"), await events.NextAsync());
        }

        await watch.DisposeAsync();
        await watch.DisposeAsync();
        await other.DeleteAsync($"{parent}/0", cancellationToken: Token);
        await client.SyncAsync(cancellationToken: Token);
        Assert.Equal(0, events.Count);
    }

    [Fact]
    public async Task A_persistent_watch_sees_its_node_and_the_list_of_its_children()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var events = new Events();
        await using var watch = await client.AddWatchAsync($"{parent}/n", ZooKeeperWatchMode.Persistent, events.Add, Token);
        await client.CreateAsync($"{parent}/n", cancellationToken: Token);
        await client.CreateAsync($"{parent}/n/c", cancellationToken: Token);
        await client.DeleteAsync($"{parent}/n/c", cancellationToken: Token);
        await client.DeleteAsync($"{parent}/n", cancellationToken: Token);
        Assert.Equal(
            [ZooKeeperEventType.Created, ZooKeeperEventType.ChildrenChanged, ZooKeeperEventType.ChildrenChanged, ZooKeeperEventType.Deleted],
            [(await events.NextAsync()).Type, (await events.NextAsync()).Type, (await events.NextAsync()).Type, (await events.NextAsync()).Type]);
    }

    [Fact]
    public async Task A_change_is_told_before_any_reply_that_shows_it()
    {
        await using var client = await server.ConnectAsync();
        await using var other = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var seen = new ConcurrentDictionary<string, bool>();
        await using var watch = await client.AddWatchAsync(parent, ZooKeeperWatchMode.PersistentRecursive, change => seen[change.Path] = true, Token);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++)
            {
                await other.CreateAsync($"{parent}/{i}", cancellationToken: Token);
            }
        });
        do
        {
            foreach (var name in (await client.GetChildrenAsync(parent, cancellationToken: Token)).Names)
            {
                Assert.True(seen.ContainsKey($"{parent}/{name}"), name);
            }
        }
        while (!writing.IsCompleted);
        await writing;
    }

    [Fact]
    public async Task A_watch_for_one_event_is_called_once()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var (node, absent, data, children) = (new Events(), new Events(), new Events(), new Events());
        await client.ExistsAsync(parent, node.Add, Token);
        await client.ExistsAsync($"{parent}/absent", absent.Add, Token);
        await client.GetDataAsync(parent, data.Add, Token);
        await client.GetChildrenAsync(parent, children.Add, Token);
        for (var i = 0; i < 2; i++)
        {
            await client.CreateAsync($"{parent}/absent", cancellationToken: Token);
            await client.SetDataAsync(parent, "1"u8.ToArray(), cancellationToken: Token);
            await client.DeleteAsync($"{parent}/absent", cancellationToken: Token);
        }

        Assert.Equal([1, 1, 1, 1], [node.Count, absent.Count, data.Count, children.Count]);
        Assert.Equal(ZooKeeperEventType.DataChanged, (await node.NextAsync()).Type);
        Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.Created, $"{parent}/absent"), await absent.NextAsync());
        Assert.Equal(ZooKeeperEventType.DataChanged, (await data.NextAsync()).Type);
        Assert.Equal(ZooKeeperEventType.ChildrenChanged, (await children.NextAsync()).Type);
    }

    [Fact]
    public async Task After_a_lost_connection_every_watch_says_look_again_and_persistent_ones_go_on()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        await using var other = await server.ConnectAsync();
        var parent = await NodeAsync(other);
        var (once, lasting) = (new Events(), new Events());
        await cut.Client.GetDataAsync(parent, once.Add, Token);
        await using var watch = await cut.Client.AddWatchAsync($"{parent}/w", ZooKeeperWatchMode.PersistentRecursive, lasting.Add, Token);
        cut.Proxy.Refuse();
        await cut.SeesAsync(ZooKeeperState.Suspended);
        Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.LookAgain, parent), await once.NextAsync());
        await other.CreateAsync($"{parent}/w", cancellationToken: Token);
        cut.Proxy.Resume();
        Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.LookAgain, $"{parent}/w"), await lasting.NextAsync());
        await other.DeleteAsync($"{parent}/w", cancellationToken: Token);
        Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.Deleted, $"{parent}/w"), await lasting.NextAsync());
        await other.SetDataAsync(parent, "1"u8.ToArray(), cancellationToken: Token);
        await cut.Client.SyncAsync(cancellationToken: Token);
        Assert.Equal(0, once.Count);
    }

    [Fact]
    public async Task A_watch_that_is_asked_for_without_a_connection_is_set_on_the_next()
    {
        await using var cut = await CutClient.ConnectAsync(server);
        await using var other = await server.ConnectAsync();
        var parent = await NodeAsync(other);
        cut.Proxy.Refuse();
        await cut.SeesAsync(ZooKeeperState.Suspended);
        var events = new Events();
        var adding = cut.Client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, events.Add, Token);
        using var source = new CancellationTokenSource();
        var cancelled = cut.Client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, static _ => Assert.Fail("A cancelled watch was called."), source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        cut.Proxy.Resume();
        await using var watch = await adding;
        await other.SetDataAsync(parent, "1"u8.ToArray(), cancellationToken: Token);
        while ((await events.NextAsync()).Type != ZooKeeperEventType.DataChanged)
        {
        }
    }

    [Fact]
    public async Task Watches_of_one_path_share_the_servers_and_the_last_one_ends_it()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var (first, second) = (new Events(), new Events());
        var a = await client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, first.Add, Token);
        var b = await client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, second.Add, Token);
        await client.SetDataAsync(parent, "1"u8.ToArray(), cancellationToken: Token);
        Assert.Equal([1, 1], [first.Count, second.Count]);
        await a.DisposeAsync();
        await client.SetDataAsync(parent, "2"u8.ToArray(), cancellationToken: Token);
        Assert.Equal([1, 2], [first.Count, second.Count]);

        // Set anew while the last one is being removed.
        var removing = b.DisposeAsync();
        await using var c = await client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, first.Add, Token);
        await removing;
        await client.SetDataAsync(parent, "3"u8.ToArray(), cancellationToken: Token);
        Assert.Equal([2, 2], [first.Count, second.Count]);
    }

    [Fact]
    public async Task Watches_of_two_kinds_on_one_path_are_refused()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        await using (await client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, static _ => { }, Token))
        {
            Assert.Throws<InvalidOperationException>(() => { _ = client.AddWatchAsync(parent, ZooKeeperWatchMode.PersistentRecursive, static _ => { }, Token); });
            Assert.Throws<InvalidOperationException>(() => { _ = client.GetDataAsync(parent, static _ => { }, Token); });
        }

        await client.GetDataAsync(parent, static _ => { }, Token);
        Assert.Throws<InvalidOperationException>(() => { _ = client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, static _ => { }, Token); });
    }

    [Fact]
    public async Task A_callback_that_throws_harms_nobody()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var events = new Events();
        await using var bad = await client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, static _ => throw new InvalidOperationException("bad"), Token);
        await using var good = await client.AddWatchAsync(parent, ZooKeeperWatchMode.Persistent, events.Add, Token);
        await client.SetDataAsync(parent, "1"u8.ToArray(), cancellationToken: Token);
        Assert.Equal(ZooKeeperEventType.DataChanged, (await events.NextAsync()).Type);
        Assert.Equal(ZooKeeperState.Connected, client.State);
    }

    private sealed class Events
    {
        private readonly Channel<ZooKeeperEvent> _events = Channel.CreateUnbounded<ZooKeeperEvent>();

        public int Count => _events.Reader.Count;

        public void Add(ZooKeeperEvent change) => _events.Writer.TryWrite(change);

        public async Task<ZooKeeperEvent> NextAsync() => await _events.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token);
    }
}
