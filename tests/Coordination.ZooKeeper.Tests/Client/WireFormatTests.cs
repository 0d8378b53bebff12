using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;
using static Coordination.ZooKeeper.Tests.Client.WireServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>What goes over the wire, byte for byte, against vectors written by hand from ZooKeeper's record definitions.</summary>
public sealed class WireFormatTests
{
    private const string Ok = "00000001 0000000000000009 00000000";
    private const string World = "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65";
    private const string StatBytes =
        "0000000000000001 0000000000000002 0000000000000003 0000000000000004 00000005 00000006 00000007 0000000000000008 00000009 0000000a 000000000000000b";

    private static readonly ZooKeeperStat Stat = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_frame_asks_for_a_session()
    {
        await using var server = new WireServer(static _ => null);
        await using var client = await server.ConnectAsync();
        Assert.Equal(0x0102030405060708, client.SessionId);
        Assert.Equal(TimeSpan.FromSeconds(10), client.NegotiatedTimeout);
        Assert.Equal(Hex("00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00"), server.Frames.First());
    }

    [Fact]
    public async Task A_session_to_go_on_with_is_asked_for_by_id_and_password_and_with_the_last_transaction_seen()
    {
        var answers = 0;
        await using var server = new WireServer(frame => answers++ == 0 ? Frame(Hex("00000001 0000000000001234 00000000 00000001 2f")) : null);
        await using var client = await server.ConnectAsync(options =>
        {
            options.SessionTimeout = TimeSpan.FromSeconds(5);
            options.SessionId = 0x0102030405060708;
            options.SessionPassword = Hex("000102030405060708090a0b0c0d0e0f");
        });
        var first = server.Frames.First();
        Assert.Equal(Hex("00000000 0000000000000000 00001388 0102030405060708 00000010 000102030405060708090a0b0c0d0e0f 00"), first);
        await client.SyncAsync(cancellationToken: Token);
        await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token));
        await client.ConnectAsync(Token);
        Assert.Contains(server.Frames, static frame => frame.AsSpan().SequenceEqual(
            Hex("00000000 0000000000001234 00001388 0102030405060708 00000010 00000000000000000000000000000000 00")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pings_go_out_after_a_third_of_the_session_without_requests_only_where_the_client_keeps_it_alive(bool keepAlive)
    {
        // A session of 3 s; the server answers pings.
        await using var server = new WireServer(static _ => Frame(Hex("fffffffe 0000000000000009 00000000")), static () => Hex(Session.Replace("00002710", "00000bb8", StringComparison.Ordinal)));
        await using var client = await server.ConnectAsync(options => options.KeepAlive = keepAlive);
        if (keepAlive)
        {
            await Run.UntilAsync(() => Task.FromResult(server.Frames.Count > 1));
            Assert.Equal(Hex("fffffffe 0000000b"), server.Frames.ElementAt(1));
        }
        else
        {
            await Task.Delay(TimeSpan.FromSeconds(2), Token);
            Assert.Single(server.Frames);
            Assert.Equal(ZooKeeperState.Connected, client.State);
        }
    }

    [Fact]
    public async Task A_request_that_the_server_overlooked_is_recalled_by_a_ping()
    {
        // As servers with ZOOKEEPER-4537 do: the request is answered when anything else comes in.
        byte[] overlooked = [];
        await using var server = new WireServer(frame =>
        {
            if (!frame.AsSpan(4).SequenceEqual(Hex("0000000b")))
            {
                overlooked = frame[..4];
                return [];
            }

            return [.. Frame(Hex("fffffffe 0000000000000009 00000000")), .. Frame([.. overlooked, .. Hex("0000000000000009 00000000 00000001 2f")])];
        });
        await using var client = await server.ConnectAsync(static options => options.KeepAlive = false);
        await client.SyncAsync(cancellationToken: Token);
        Assert.Equal(Hex("fffffffe 0000000b"), server.Frames.Last());
    }

    [Fact]
    public async Task Acknowledged_pings_are_no_reply()
    {
        // As a follower does that has lost its leader. A session of 3 s is pinged every second.
        await using var server = new WireServer(
            static frame => frame.AsSpan(4).SequenceEqual(Hex("0000000b")) ? Frame(Hex("fffffffe 0000000000000009 00000000")) : [],
            static () => Hex(Session.Replace("00002710", "00000bb8", StringComparison.Ordinal)));
        await using var client = await server.ConnectAsync(static options => options.ReplyTimeout = TimeSpan.FromSeconds(2));
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token).WaitAsync(TimeSpan.FromSeconds(10), Token));
        Assert.Contains("did not answer for 2 s", exception.Message, StringComparison.Ordinal);
        Assert.True(server.Frames.Count(static frame => frame.AsSpan().SequenceEqual(Hex("fffffffe 0000000b"))) is > 1 and < 12);
    }

    [Fact]
    public Task Create() => ExchangeAsync(
        static client => client.CreateAsync("/a", "hi"u8.ToArray(), ZooKeeperCreateMode.EphemeralSequential),
        $"0000000f 00000002 2f61 00000002 6869 {World} 00000003",
        $"0000000c 2f6130303030303030303037 {StatBytes}",
        ("/a0000000007", Stat));

    [Fact]
    public Task Create_of_a_container() => ExchangeAsync(
        static client => client.CreateAsync("/a", mode: ZooKeeperCreateMode.Container, acl: ZooKeeperAcl.CreatorAll),
        "00000013 00000002 2f61 00000000 00000001 0000001f 00000004 61757468 00000000 00000004",
        $"00000002 2f61 {StatBytes}",
        ("/a", Stat));

    [Fact]
    public Task Create_with_a_time_to_live() => ExchangeAsync(
        static client => client.CreateAsync("/a", mode: ZooKeeperCreateMode.PersistentWithTtl, timeToLive: TimeSpan.FromSeconds(1)),
        $"00000015 00000002 2f61 00000000 {World} 00000005 00000000000003e8",
        $"00000002 2f61 {StatBytes}",
        ("/a", Stat));

    [Fact]
    public Task Delete() => ExchangeAsync(static client => Done(client.DeleteAsync("/a", 7)), "00000002 00000002 2f61 00000007", "", true);

    [Fact]
    public Task Exists() => ExchangeAsync(static client => client.ExistsAsync("/a"), "00000003 00000002 2f61 00", StatBytes, Stat);

    [Fact]
    public Task Exists_with_a_watch() => ExchangeAsync(static client => client.ExistsAsync("/a", static _ => { }), "00000003 00000002 2f61 01", StatBytes, Stat);

    [Fact]
    public Task GetData() => ExchangeAsync(
        static async client => Convert.ToHexString((await client.GetDataAsync("/é")).Data),
        "00000004 00000003 2fc3a9 00",
        $"00000002 6869 {StatBytes}",
        "6869");

    [Fact]
    public Task GetData_of_a_node_whose_data_is_null() => ExchangeAsync(
        static async client => (await client.GetDataAsync("/a")).Data.Length, "00000004 00000002 2f61 00", $"ffffffff {StatBytes}", 0);

    [Fact]
    public Task SetData() => ExchangeAsync(
        static client => client.SetDataAsync("/a", "hi"u8.ToArray(), 3), "00000005 00000002 2f61 00000002 6869 00000003", StatBytes, Stat);

    [Fact]
    public Task GetAcl() => ExchangeAsync(
        static async client => (await client.GetAclAsync("/a")).Acl.Single(), "00000006 00000002 2f61", World + StatBytes, ZooKeeperAcl.Open[0]);

    [Fact]
    public Task SetAcl() => ExchangeAsync(
        static client => client.SetAclAsync("/a", ZooKeeperAcl.Open, 2), $"00000007 00000002 2f61 {World} 00000002", StatBytes, Stat);

    [Fact]
    public Task Sync() => ExchangeAsync(static client => Done(client.SyncAsync("/a")), "00000009 00000002 2f61", "00000002 2f61", true);

    [Fact]
    public Task GetChildren() => ExchangeAsync(
        static async client => string.Join(',', (await client.GetChildrenAsync("/a")).Names),
        "0000000c 00000002 2f61 00",
        $"00000002 00000001 78 00000002 797a {StatBytes}",
        "x,yz");

    [Fact]
    public Task Multi() => ExchangeAsync(
        static async client => string.Join(' ', await client.MultiAsync(
        [
            ZooKeeperOperation.Create("/a", "hi"u8.ToArray()),
            ZooKeeperOperation.Delete("/b", 1),
            ZooKeeperOperation.SetData("/c", "x"u8.ToArray(), 2),
            ZooKeeperOperation.Check("/d", 3),
        ])),
        $"""
        0000000e
        0000000f 00 ffffffff 00000002 2f61 00000002 6869 {World} 00000000
        00000002 00 ffffffff 00000002 2f62 00000001
        00000005 00 ffffffff 00000002 2f63 00000001 78 00000002
        0000000d 00 ffffffff 00000002 2f64 00000003
        ffffffff 01 ffffffff
        """,
        $"""
        00000001 00 00000000 00000002 2f61
        00000002 00 00000000
        00000005 00 00000000 {StatBytes}
        0000000d 00 00000000
        ffffffff 01 ffffffff
        """,
        $"{new ZooKeeperOperationResult("/a", null)} {default(ZooKeeperOperationResult)} {new ZooKeeperOperationResult(null, Stat)} {default(ZooKeeperOperationResult)}");

    [Fact]
    public Task A_multi_that_failed() => ExchangeAsync(
        static async client =>
        {
            var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.MultiAsync([ZooKeeperOperation.Delete("/a"), ZooKeeperOperation.Check("/b", 1), ZooKeeperOperation.Delete("/c")]));
            return (exception.ErrorCode, exception.FailedOperation, exception.Path);
        },
        """
        0000000e
        00000002 00 ffffffff 00000002 2f61 ffffffff
        0000000d 00 ffffffff 00000002 2f62 00000001
        00000002 00 ffffffff 00000002 2f63 ffffffff
        ffffffff 01 ffffffff
        """,
        """
        ffffffff 00 00000000 00000000
        ffffffff 00 ffffff99 ffffff99
        ffffffff 00 fffffffe fffffffe
        ffffffff 01 ffffffff
        """,
        (ZooKeeperErrorCode.BadVersion, 1, "/b"));

    [Fact]
    public Task MultiRead() => ExchangeAsync(
        static async client =>
        {
            var results = await client.MultiReadAsync([ZooKeeperRead.Children("/a"), ZooKeeperRead.Data("/b"), ZooKeeperRead.Data("/c")], Token);
            return (results[0].Names.Single(), Convert.ToHexString(results[1].Data), results[1].Stat, results[2].Code);
        },
        """
        00000016
        00000008 00 ffffffff 00000002 2f61 00
        00000004 00 ffffffff 00000002 2f62 00
        00000004 00 ffffffff 00000002 2f63 00
        ffffffff 01 ffffffff
        """,
        $"""
        00000008 00 00000000 00000001 00000001 78
        00000004 00 00000000 00000002 6869 {StatBytes}
        ffffffff 00 ffffff9b ffffff9b
        ffffffff 01 ffffffff
        """,
        ("x", "6869", Stat, ZooKeeperErrorCode.NoNode));

    [Fact]
    public Task AddWatch() => ExchangeAsync(
        static async client => await client.AddWatchAsync("/a", ZooKeeperWatchMode.PersistentRecursive, static _ => { }) is not null,
        "0000006a 00000002 2f61 00000001",
        "00000000",
        true);

    [Fact]
    public Task WhoAmI() => ExchangeAsync(
        static async client => (await client.WhoAmIAsync()).Single(), "0000006b", "00000001 00000002 6970 00000001 78", ("ip", "x"));

    [Fact]
    public async Task RemoveWatches()
    {
        await using var server = new WireServer(static frame => Frame([.. frame.AsSpan(0, 4), .. Hex("0000000000000009 00000000 00000000")]));
        await using var client = await server.ConnectAsync();
        await (await client.AddWatchAsync("/a", ZooKeeperWatchMode.Persistent, static _ => { }, Token)).DisposeAsync();
        Assert.Contains(server.Frames, static frame => frame.AsSpan().SequenceEqual(Hex("00000002 00000012 00000002 2f61 00000003"))); // the last, but for a recall
    }

    [Fact]
    public async Task CloseSession()
    {
        await using var server = new WireServer(static _ => null);
        await using var client = await server.ConnectAsync();
        await client.CloseAsync(Token);
        Assert.Equal(Hex("00000001 fffffff5"), server.Frames.Last());
    }

    [Fact]
    public async Task Credentials_are_sent_first_and_a_refusal_is_told()
    {
        var code = "00000000";
        await using var server = new WireServer(_ => Frame(Hex("fffffffc 0000000000000000" + code)));
        void Configure(ZooKeeperClientOptions options) => options.Credentials = [ZooKeeperCredential.Digest("me", "pw")];
        await using (await server.ConnectAsync(Configure))
        {
            Assert.Equal(Hex("fffffffc 00000064 00000000 00000006 646967657374 00000005 6d653a7077"), server.Frames.ElementAt(1));
        }

        code = "ffffff8d";
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => server.ConnectAsync(Configure));
        Assert.Equal(ZooKeeperErrorCode.AuthFailed, exception.ErrorCode);
        Assert.Contains("digest", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pw", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_and_a_reply_in_pieces_are_put_together()
    {
        var seen = new List<ZooKeeperEvent>();
        byte[] both =
        [
            .. Frame(Hex("ffffffff ffffffffffffffff 00000000 00000003 00000003 00000005 2f726f6f74")),
            .. Frame(Hex(Ok + StatBytes)),
        ];
        await using var server = new WireServer(frame => frame switch
        {
            [.., 0, 0, 0, 11] and { Length: 8 } => Frame(Hex("fffffffe 0000000000000009 00000000")), // a ping behind a reply that is late
            [_, _, _, 1, ..] => Frame(Hex(Ok + "00000000")),
            _ => [.. both.AsSpan(0, 40), .. both.AsSpan(40)],
        });
        await using var client = await server.ConnectAsync(options => options.ConnectionString += "/root");
        await client.AddWatchAsync("/", ZooKeeperWatchMode.Persistent, seen.Add, Token);
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.ExistsAsync("/a", cancellationToken: Token));
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
        Assert.Equal(new ZooKeeperEvent(ZooKeeperEventType.DataChanged, "/"), seen[0]);
        Assert.Contains("A reply to request 1 came where one to 2 was due", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ffffff9b", ZooKeeperErrorCode.NoNode)]
    [InlineData("ffffff9a", ZooKeeperErrorCode.NoAuth)]
    [InlineData("ffffff99", ZooKeeperErrorCode.BadVersion)]
    [InlineData("ffffff92", ZooKeeperErrorCode.NodeExists)]
    [InlineData("ffffff91", ZooKeeperErrorCode.NotEmpty)]
    [InlineData("ffffff8a", ZooKeeperErrorCode.SessionMoved)]
    [InlineData("fffffc19", (ZooKeeperErrorCode)(-999))]
    public async Task An_error_of_the_server_is_its_code_also_when_it_is_not_known(string bytes, ZooKeeperErrorCode code)
    {
        await using var server = new WireServer(_ => Frame(Hex("00000001 0000000000000009" + bytes)));
        await using var client = await server.ConnectAsync();
        Assert.Equal(code, (await Assert.ThrowsAsync<ZooKeeperException>(() => client.GetDataAsync("/a", cancellationToken: Token))).ErrorCode);
    }

    private static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }

    private static async Task ExchangeAsync<T>(Func<ZooKeeperClient, Task<T>> call, string request, string reply, T expected)
    {
        await using var server = new WireServer(_ => Frame(Hex(Ok + reply)));
        await using var client = await server.ConnectAsync();
        Assert.Equal(expected, await call(client));
        Assert.Equal(Hex("00000001" + request), server.Frames.ElementAt(1));
    }
}
