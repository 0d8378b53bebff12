using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;
using static Coordination.ZooKeeper.Tests.Client.WireServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>Servers that keep a connection whose session is no more: some say so, others drop what comes over it without a word.</summary>
public sealed class EndedSessionTests
{
    private const string Ended = "00000025 00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_that_the_session_has_ended_ends_the_connection_and_the_next_one_tells_for_certain()
    {
        var handshakes = 0;
        await using var server = new WireServer(SaysExpired, () => Hex(++handshakes == 1 ? Session : Ended));
        await using var client = await server.ConnectAsync(Silent);
        var lost = LossOf(client);
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token));
        Assert.Equal(ZooKeeperErrorCode.SessionExpired, exception.ErrorCode);
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(2, handshakes);
    }

    [Fact]
    public async Task A_session_that_goes_on_is_asked_something_and_a_server_that_does_not_answer_is_left()
    {
        var handshakes = 0;
        await using var server = new WireServer(_ => handshakes == 1 ? null : [], () => Hex(++handshakes < 3 ? Session : Ended));
        await using var client = await server.ConnectAsync(Silent);
        var lost = LossOf(client);

        // The first connection breaks; nobody asks for anything over the second.
        var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.ExistsAsync("/x", cancellationToken: Token));
        Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
        await lost.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(3, handshakes);
        Assert.Equal(Hex("00000001 00000009 00000001 2f"), server.Frames.ElementAt(3));
    }

    [Fact]
    public async Task Servers_that_take_a_session_and_only_say_that_it_has_ended_are_not_stormed()
    {
        var handshakes = 0;
        await using var server = new WireServer(SaysExpired, () =>
        {
            handshakes++;
            return Hex(Session);
        });
        await using var client = await server.ConnectAsync(Silent);
        await Assert.ThrowsAsync<ZooKeeperException>(() => client.SyncAsync(cancellationToken: Token));
        await Run.UntilAsync(() => Task.FromResult(Volatile.Read(ref handshakes) >= 2));
        await Task.Delay(TimeSpan.FromSeconds(1), Token);
        Assert.InRange(handshakes, 2, 20);
    }

    private static byte[] SaysExpired(byte[] frame) => Frame([.. frame.AsSpan(0, 4), .. Hex("0000000000000009 ffffff90")]);

    private static void Silent(ZooKeeperClientOptions options)
    {
        options.KeepAlive = false;
        options.ReplyTimeout = TimeSpan.FromSeconds(1);
    }

    private static Task LossOf(ZooKeeperClient client)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.StateChanged += state =>
        {
            if (state == ZooKeeperState.Lost)
            {
                lost.TrySetResult();
            }
        };
        return lost.Task;
    }
}
