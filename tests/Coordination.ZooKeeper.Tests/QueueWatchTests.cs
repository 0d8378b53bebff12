using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Client;
using Coordination.ZooKeeper.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using static Coordination.ZooKeeper.Tests.Client.WireServer;

namespace Coordination.ZooKeeper.Tests;

/// <summary>The watches that keep the copies of queues, over connections that break and servers that refuse.</summary>
public sealed class QueueWatchTests
{
    private const byte AddWatch = 106;
    private const byte GetChildren = 12;
    private const byte Sync = 9;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_whose_watch_is_refused_after_it_was_set_anew_is_not_believed_any_more()
    {
        // The request for the watch is lost with its connection, the next connection sets the watch by itself, and the repeated request is refused, with which the watch goes.
        var watches = 0;
        var listings = 0;
        await using var server = new WireServer(frame =>
        {
            switch (frame[7])
            {
                case AddWatch when ++watches == 1:
                    return null;
                case AddWatch:
                    return Reply(frame, watches == 2 ? "00000000" : "ffffff9a");
                case GetChildren:
                    Interlocked.Increment(ref listings);
                    return Reply(frame, "00000000", Children(Node(0), Node(1)));
                default:
                    return Reply(frame, "00000000", Hex("00000001 2f"));
            }
        });
        await using var client = await server.ConnectAsync();
        var queues = new ZooKeeperQueues(client, NullLogger.Instance);
        queues.Wait("x", "/x", new ZooKeeperWaiter(null!, Id(1), Node(1), 1, czxid: 1));
        await Run.UntilAsync(() => Task.FromResult(watches == 3 && Volatile.Read(ref listings) > 0));
        for (var i = 0; i < 20; i++)
        {
            await client.SyncAsync(cancellationToken: Token);
            await Task.Delay(10, Token);
        }

        Assert.Null(queues.Complete("/x"));
        await client.DetachAsync();
    }

    [Fact]
    public async Task Events_of_a_queue_that_may_not_be_listed_are_not_kept()
    {
        var listings = 0;
        var isCut = false;
        var hasEvents = false;
        await using var server = new WireServer(frame =>
        {
            switch (frame[7])
            {
                case GetChildren:
                    return ++listings == 1 ? Reply(frame, "00000000", Children(Node(0), Node(1))) : Reply(frame, "ffffff9a");
                case Sync when Volatile.Read(ref isCut):
                    Volatile.Write(ref isCut, false);
                    return null;
                default:
                    var reply = Reply(frame, "00000000", Hex("00000001 2f"));
                    return Volatile.Read(ref hasEvents) ? [.. Created($"/x/{Node(2)}"), .. reply] : reply;
            }
        });
        await using var client = await server.ConnectAsync();
        var queues = new ZooKeeperQueues(client, NullLogger.Instance);
        client.StateChanged += state =>
        {
            if (state == ZooKeeperState.Suspended)
            {
                queues.Disconnected(client);
            }
        };
        queues.Wait("x", "/x", new ZooKeeperWaiter(null!, Id(1), Node(1), 1, czxid: 1));
        await Run.UntilAsync(() => Task.FromResult(queues.Complete("/x") is not null));
        var queue = queues.Complete("/x")!;

        // The next connection sets the watch anew, and the listing after it is refused.
        Volatile.Write(ref isCut, true);
        await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token));
        await Run.UntilAsync(() => Task.FromResult(Volatile.Read(ref listings) == 2));
        await client.SyncAsync(cancellationToken: Token);
        Volatile.Write(ref hasEvents, true);
        await client.SyncAsync(cancellationToken: Token);
        await Run.UntilAsync(() => Task.FromResult(queue.Early == 0));
        for (var i = 0; i < 10; i++)
        {
            await client.SyncAsync(cancellationToken: Token);
        }

        Assert.Equal(0, queue.Early);
        Assert.False(queue.IsRead);
        await client.DetachAsync();
    }

    private static byte[] Created(string path)
    {
        using var writer = new JuteWriter();
        writer.WriteInt32(-1);
        writer.WriteInt64(9);
        writer.WriteInt32(0);
        writer.WriteInt32(1);
        writer.WriteInt32(3);
        writer.WriteString(path);
        return Frame(writer.Frame[4..]);
    }

    private static string Id(int number) => $"a3c1f0d2b4e596877869{number:00}";

    private static string Node(int number) => ZooKeeperClaimName.Prefix(ClaimMode.Exclusive, 1, Id(number)) + $"{number:0000000000}";

    private static byte[] Reply(byte[] frame, string code, params byte[] body) => Frame([.. frame.AsSpan(0, 4), .. Hex("0000000000000009"), .. Hex(code), .. body]);

    private static byte[] Children(params string[] names)
    {
        using var writer = new JuteWriter();
        writer.WriteInt32(names.Length);
        foreach (var name in names)
        {
            writer.WriteString(name);
        }

        for (var i = 0; i < 17; i++)
        {
            writer.WriteInt32(0);
        }

        return writer.Frame[4..].ToArray();
    }
}
