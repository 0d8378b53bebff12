using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper.Tests;

/// <summary>How names become paths, and what the names of claims say.</summary>
public sealed class KeysTests
{
    private const string Id = "a3c1f0d2b4e5968778-_5a";

    private static readonly string[] Names =
    [
        "a", "A", "a/b", "a%2Fb", "a%", "a%25", ".", "..", "...", "%2E", "/", "//", "/a", "a/", "é", "e\u0301", "😀", "%F0%9F%98%80", " ", "a ", "\u200b", "日本語", "\ue000", "\uf900",
        "\ufff0", "\uffff", "\ufffe", "zookeeper", "\u00a0",
    ];

    [Fact]
    public void Every_name_is_a_node_of_its_own_that_ZooKeeper_takes()
    {
        var keys = new ZooKeeperKeys("/apps", "/coordination");
        var paths = Names.Select(keys.QueueOf).ToArray();
        Assert.Equal(paths.Length, paths.Distinct(StringComparer.Ordinal).Count());
        Assert.All(paths, static path => Assert.Null(ZooKeeperPath.Reason(path)));
        Assert.All(paths, static path => Assert.Equal("/apps/coordination", ZooKeeperPath.Parent(path)));
    }

    [Fact]
    public void What_a_person_looks_for_is_found()
    {
        var keys = new ZooKeeperKeys("/apps", "/teams/coordination");
        Assert.Equal("/apps/teams/coordination/invoice%2F42", keys.QueueOf("invoice/42"));
        Assert.Equal("/teams/coordination/invoice%2F42", keys.WithinChroot(keys.QueueOf("invoice/42")));
        Assert.Equal(["/apps", "/apps/teams", "/apps/teams/coordination"], keys.Roots());
    }

    [Theory]
    [InlineData(ClaimMode.Exclusive, 1, "0000000000", 0)]
    [InlineData(ClaimMode.Shared, 1, "2147483647", int.MaxValue)]
    [InlineData(ClaimMode.Counted, 7, "-2147483648", int.MinValue)]
    [InlineData(ClaimMode.Counted, int.MaxValue, "-000000001", -1)]
    public void A_claims_name_says_what_it_is(ClaimMode mode, int limit, string number, int sequence)
    {
        Assert.True(ZooKeeperClaimName.TryParse(ZooKeeperClaimName.Prefix(mode, limit, Id) + number, out var name));
        Assert.Equal(new ZooKeeperClaimName(mode, limit, Id, sequence), name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("notes")]
    [InlineData("x-1-" + Id)]
    [InlineData("x-1-" + Id + "-released")]
    public void What_has_no_number_is_no_claim(string node) => Assert.False(ZooKeeperClaimName.TryParse(node, out _));

    [Theory]
    [InlineData("z-1-" + Id + "-0000000007")]
    [InlineData("x-0-" + Id + "-0000000007")]
    [InlineData("x--1-" + Id + "-0000000007")]
    [InlineData("x-99999999999-" + Id + "-0000000007")]
    [InlineData("lock-0000000007")]
    [InlineData("x-1-short-0000000007")]
    public void What_cannot_be_read_has_its_place_and_blocks(string node)
    {
        Assert.True(ZooKeeperClaimName.TryParse(node, out var name));
        Assert.Equal(new ZooKeeperClaimName(ClaimMode.Exclusive, 1, "", 7), name);
    }

    [Fact]
    public void The_order_goes_on_where_the_numbers_begin_anew()
    {
        string[] inOrder = ["2147483646", "2147483647", "-2147483648", "-2147483647"];
        var nodes = inOrder.Select(static number => ZooKeeperClaimName.Prefix(ClaimMode.Exclusive, 1, Id) + number).ToArray();
        var queue = ZooKeeperListing.Read([nodes[2], nodes[0], nodes[3], nodes[1]]);
        Assert.Equal(nodes, queue.Select(static listed => listed.Node));
        Assert.Equal([true, false, false, false], queue.Select(static listed => listed.IsGranted));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("taker", "a:b:c\0é😀")]
    public void Data_is_read_as_it_was_written(string taker, string value) =>
        Assert.Equal(new ZooKeeperValue(taker, value), ZooKeeperValue.Decode(new ZooKeeperValue(taker, value).Encode()));

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1:")]
    [InlineData("2::x")]
    public void Data_of_another_kind_says_nothing(string data) =>
        Assert.Equal(new ZooKeeperValue("", ""), ZooKeeperValue.Decode(System.Text.Encoding.UTF8.GetBytes(data)));

    [Fact]
    public void A_ticket_is_read_as_it_was_written_and_nothing_else_is_one()
    {
        var node = ZooKeeperClaimName.Prefix(ClaimMode.Exclusive, 1, Id) + "0000000007";
        var ticket = new ZooKeeperTicket(-0x7eadbeef, new byte[] { 1, 2, 255 }, TimeSpan.FromSeconds(30), node, 0x100000002, 3, "invoice/42.é");
        var read = ZooKeeperTicket.Parse(ticket.ToString());
        Assert.Equal(ticket with { Password = default }, read with { Password = default });
        Assert.Equal(ticket.Password.ToArray(), read.Password.ToArray());
        Assert.Throws<ArgumentException>(() => ZooKeeperTicket.Parse(ticket.ToString().Replace("zk2", "etcd1", StringComparison.Ordinal)));
        Assert.Throws<ArgumentException>(() => ZooKeeperTicket.Parse((ticket with { Node = "x" }).ToString()));
        Assert.Throws<ArgumentException>(() => ZooKeeperTicket.Parse((ticket with { Node = "../" + node }).ToString()));
    }

    [Theory]
    [InlineData("zk1.8215.AQL_.x-1-a3c1f0d2b4e59687786900-0000000007.100000002.3.aW52b2ljZQ")]
    [InlineData("zk1.8215.AQL_.7530.x-1-a3c1f0d2b4e59687786900-0000000007.100000002.3.aW52b2ljZQ")]
    [InlineData("zk3.8215.AQL_.7530.x-1-a3c1f0d2b4e59687786900-0000000007.100000002.3.aW52b2ljZQ.and.more")]
    public void A_ticket_of_another_version_is_refused_as_that(string text)
    {
        var exception = Assert.Throws<ArgumentException>(() => ZooKeeperTicket.Parse(text));
        Assert.Contains($"another version of the ZooKeeper backend: it is of the kind '{text[..3]}'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zk2.8215.AQL_.x-1-a3c1f0d2b4e59687786900-0000000007.100000002.3.aW52b2ljZQ")]
    [InlineData("zk1")]
    [InlineData("zk.8215")]
    [InlineData("zkx.8215")]
    public void What_is_no_ticket_is_not_taken_for_one_of_another_version(string text) =>
        Assert.Contains("not one of the ZooKeeper backend", Assert.Throws<ArgumentException>(() => ZooKeeperTicket.Parse(text)).Message, StringComparison.Ordinal);
}
