using System.Text;
using Coordination.ZooKeeper.Client;
using static Coordination.ZooKeeper.Tests.Client.ClientServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>Requests against a real server.</summary>
public sealed class RequestTests(ClientServer server) : IClassFixture<ClientServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_is_created_read_changed_listed_and_deleted()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var (path, created) = await client.CreateAsync($"{parent}/a", "one"u8.ToArray(), cancellationToken: Token);
        Assert.Equal($"{parent}/a", path);
        Assert.Equal(3, created.DataLength);
        Assert.Equal(0, created.Version);
        Assert.Equal(0, created.EphemeralOwner);
        Assert.Equal(created.Czxid, created.Mzxid);

        var changed = await client.SetDataAsync(path, "three"u8.ToArray(), version: 0, Token);
        Assert.Equal(1, changed.Version);
        Assert.True(changed.Mzxid > created.Mzxid);
        var (data, read) = await client.GetDataAsync(path, cancellationToken: Token);
        Assert.Equal("three", Encoding.UTF8.GetString(data));
        Assert.Equal(changed, read);
        Assert.Equal(changed, await client.ExistsAsync(path, cancellationToken: Token));
        var (names, stat) = await client.GetChildrenAsync(parent, cancellationToken: Token);
        Assert.Equal("a", Assert.Single(names));
        Assert.Equal(1, stat.NumChildren);
        await client.SyncAsync(path, Token);
        await client.DeleteAsync(path, version: 1, Token);
        Assert.Null(await client.ExistsAsync(path, cancellationToken: Token));
    }

    [Theory]
    [InlineData(ZooKeeperErrorCode.NoNode)]
    [InlineData(ZooKeeperErrorCode.NodeExists)]
    [InlineData(ZooKeeperErrorCode.BadVersion)]
    [InlineData(ZooKeeperErrorCode.NotEmpty)]
    [InlineData(ZooKeeperErrorCode.NoChildrenForEphemerals)]
    [InlineData(ZooKeeperErrorCode.InvalidAcl)]
    public async Task What_a_server_refuses_is_named(ZooKeeperErrorCode code)
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var (child, _) = await client.CreateAsync($"{parent}/e", mode: ZooKeeperCreateMode.Ephemeral, cancellationToken: Token);
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => code switch
        {
            ZooKeeperErrorCode.NoNode => client.GetDataAsync($"{parent}/none", cancellationToken: Token),
            ZooKeeperErrorCode.NodeExists => client.CreateAsync(child, cancellationToken: Token),
            ZooKeeperErrorCode.BadVersion => client.DeleteAsync(child, 7, Token),
            ZooKeeperErrorCode.NotEmpty => client.DeleteAsync(parent, cancellationToken: Token),
            ZooKeeperErrorCode.NoChildrenForEphemerals => client.CreateAsync($"{child}/x", cancellationToken: Token),
            _ => client.CreateAsync($"{parent}/acl", acl: [new(ZooKeeperPermissions.All, "no-such-scheme", "")], cancellationToken: Token),
        });
        Assert.Equal(code, exception.ErrorCode);
        Assert.StartsWith(parent, exception.Path, StringComparison.Ordinal);
        Assert.Contains(exception.Path!, exception.Message, StringComparison.Ordinal);
        Assert.Equal(ZooKeeperState.Connected, client.State);
    }

    [Fact]
    public async Task Sequential_nodes_are_numbered_and_ephemeral_ones_end_with_the_session()
    {
        await using var other = await server.ConnectAsync();
        var parent = await NodeAsync(other);
        await using (var client = await server.ConnectAsync())
        {
            var (first, stat) = await client.CreateAsync($"{parent}/n-", mode: ZooKeeperCreateMode.EphemeralSequential, cancellationToken: Token);
            var (second, _) = await client.CreateAsync($"{parent}/", mode: ZooKeeperCreateMode.PersistentSequential, cancellationToken: Token);
            Assert.Equal($"{parent}/n-0000000000", first);
            Assert.Equal($"{parent}/0000000001", second);
            Assert.Equal(client.SessionId, stat.EphemeralOwner);
            await client.CloseAsync(Token);
        }

        await other.SyncAsync(parent, Token);
        Assert.Equal("0000000001", Assert.Single((await other.GetChildrenAsync(parent, cancellationToken: Token)).Names));
    }

    [Fact]
    public async Task The_server_deletes_an_empty_container_and_a_node_whose_time_is_up()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var gone = new[] { "c", "t" }.ToDictionary(name => $"{parent}/{name}", static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

        // From before they are made: whoever comes to look later, however much, may find them gone.
        await using var watch = await client.AddWatchAsync(parent, ZooKeeperWatchMode.PersistentRecursive, Take, Token);
        await client.CreateAsync($"{parent}/c", mode: ZooKeeperCreateMode.Container, cancellationToken: Token);
        await client.CreateAsync($"{parent}/c/child", cancellationToken: Token);
        await client.CreateAsync(
            $"{parent}/t", mode: ZooKeeperCreateMode.PersistentWithTtl, timeToLive: TimeSpan.FromSeconds(2), cancellationToken: Token);
        await client.DeleteAsync($"{parent}/c/child", cancellationToken: Token);
        await Task.WhenAll(gone.Values.Select(static deleted => deleted.Task)).WaitAsync(TimeSpan.FromSeconds(30), Token);

        void Take(ZooKeeperEvent change)
        {
            if (change.Type == ZooKeeperEventType.Deleted && gone.TryGetValue(change.Path, out var deleted))
            {
                deleted.SetResult();
            }
        }
    }

    [Fact]
    public async Task A_multi_does_all_or_none_and_says_which_operation_failed()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var results = await client.MultiAsync(
            [
                ZooKeeperOperation.Create($"{parent}/a", "1"u8.ToArray()),
                ZooKeeperOperation.Create($"{parent}/c", mode: ZooKeeperCreateMode.Container),
                ZooKeeperOperation.Create($"{parent}/s", mode: ZooKeeperCreateMode.EphemeralSequential),
                ZooKeeperOperation.Check($"{parent}/a", 0),
                ZooKeeperOperation.SetData($"{parent}/a", "2"u8.ToArray(), 0),
                ZooKeeperOperation.Delete($"{parent}/c"),
            ],
            Token);
        Assert.Equal([$"{parent}/a", $"{parent}/c", $"{parent}/s0000000002", null, null, null], results.Select(static result => result.Path));

        // Servers turn create2 in a multi into create, which tells no more than the path; containers they tell of.
        Assert.Equal([false, true, false, false, true, false], results.Select(static result => result.Stat.HasValue));
        Assert.Equal(1, results[4].Stat!.Value.Version);

        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.MultiAsync(
            [
                ZooKeeperOperation.Create($"{parent}/b"),
                ZooKeeperOperation.Check($"{parent}/a", 5),
                ZooKeeperOperation.Delete($"{parent}/a"),
            ],
            Token));
        Assert.Equal(ZooKeeperErrorCode.BadVersion, exception.ErrorCode);
        Assert.Equal(1, exception.FailedOperation);
        Assert.Equal($"{parent}/a", exception.Path);
        Assert.Null(await client.ExistsAsync($"{parent}/b", cancellationToken: Token));
    }

    [Fact]
    public async Task Requests_are_done_in_the_order_of_the_calls_without_waiting_in_between()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var tasks = new List<Task>();
        var lists = new List<Task<(IReadOnlyList<string> Names, ZooKeeperStat Stat)>>();
        for (var i = 0; i < 200; i++)
        {
            tasks.Add(client.CreateAsync($"{parent}/{i}", cancellationToken: Token));
            lists.Add(client.GetChildrenAsync(parent, cancellationToken: Token));
        }

        await Task.WhenAll(tasks);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(i + 1, (await lists[i]).Names.Count);
        }
    }

    [Fact]
    public async Task A_cancelled_request_leaves_the_order_of_replies_as_it_was()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var cancelled = new List<Task>();
        for (var i = 0; i < 50; i++)
        {
            using var source = new CancellationTokenSource();
            var created = client.CreateAsync($"{parent}/{i}", cancellationToken: source.Token);
            await source.CancelAsync();
            cancelled.Add(created);
            Assert.Equal(i, (await client.GetDataAsync(parent, cancellationToken: Token)).Stat.Cversion - 1);
        }

        foreach (var task in cancelled)
        {
            await Task.WhenAny(task);
            Assert.True(task.IsCanceled || task.IsCompletedSuccessfully);
        }

        Assert.Equal(50, (await client.GetChildrenAsync(parent, cancellationToken: Token)).Names.Count);
        Assert.True(client.CreateAsync($"{parent}/late", cancellationToken: new CancellationToken(true)).IsCanceled);
        Assert.Null(await client.ExistsAsync($"{parent}/late", cancellationToken: Token));
    }

    [Fact]
    public async Task Many_threads_share_one_client()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var text = Encoding.UTF8.GetBytes($"{worker}/{i}");
                await client.CreateAsync($"{parent}/{worker}-{i}", text, cancellationToken: Token);
                Assert.Equal(text, (await client.GetDataAsync($"{parent}/{worker}-{i}", cancellationToken: Token)).Data);
            }
        })));
        Assert.Equal(800, (await client.GetChildrenAsync(parent, cancellationToken: Token)).Stat.NumChildren);
    }

    [Fact]
    public async Task Large_data_and_long_lists_come_whole_and_what_no_server_takes_is_not_sent()
    {
        await using var client = await server.ConnectAsync();
        var parent = await NodeAsync(client);
        var data = new byte[1_000_000];
        Random.Shared.NextBytes(data);
        await client.SetDataAsync(parent, data, cancellationToken: Token);
        Assert.Equal(data, (await client.GetDataAsync(parent, cancellationToken: Token)).Data);
        Assert.Throws<ArgumentException>(() => { _ = client.SetDataAsync(parent, new byte[0x100000], cancellationToken: Token); });

        var padding = new string('x', 500);
        var creates = new List<Task>();
        for (var i = 0; i < 3000; i++)
        {
            creates.Add(client.CreateAsync($"{parent}/{padding}{i}", cancellationToken: Token));
        }

        await Task.WhenAll(creates);
        var names = (await client.GetChildrenAsync(parent, cancellationToken: Token)).Names;
        Assert.Equal(3000, names.Distinct().Count());
        Assert.Equal(ZooKeeperState.Connected, client.State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("/a/")]
    [InlineData("/a//b")]
    [InlineData("/a/./b")]
    [InlineData("/../b")]
    [InlineData("/a\0")]
    [InlineData("/a\ud800")]
    public async Task A_path_that_is_not_allowed_is_the_callers_error(string path)
    {
        await using var client = await server.ConnectAsync();
        Assert.ThrowsAny<ArgumentException>(() => { _ = client.ExistsAsync(path, cancellationToken: Token); });
        Assert.ThrowsAny<ArgumentException>(() => { _ = client.CreateAsync(path, cancellationToken: Token); });
        Assert.ThrowsAny<ArgumentException>(() => ZooKeeperOperation.Delete(path));
    }
}
