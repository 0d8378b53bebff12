using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;
using static Coordination.ZooKeeper.Tests.Client.WireServer;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>How soon a lost connection is followed by the next: at once, but not again and again.</summary>
public sealed class ReconnectTests
{
    private readonly PauselessTime _time = new();
    private int _handshakes;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_clients_that_have_one_session_do_not_take_it_from_each_other_without_a_pause()
    {
        // Each connection is taken, and what is asked over it answered, before the other client takes the session back.
        await using var server = new WireServer(Answer, Handshake) { TakesOver = true };
        await using var one = await ConnectAsync(server);
        await using var other = await ConnectAsync(server);
        await Run.UntilAsync(() => Task.FromResult(Volatile.Read(ref _handshakes) >= 40));

        // All but two connections of each client came after a pause; one more may be about to.
        Assert.InRange(_time.Pauses, 34, int.MaxValue);
        await one.DetachAsync();
        await other.DetachAsync();
    }

    [Fact]
    public async Task A_connection_that_lived_for_a_while_is_followed_by_the_next_at_once_however_often()
    {
        var hangsUp = false;
        await using var server = new WireServer(frame => frame[7] != Sync && Volatile.Read(ref hangsUp) ? null : Answer(frame), Handshake);
        await using var client = await ConnectAsync(server);
        for (var i = 0; i < 10; i++)
        {
            await client.SyncAsync(cancellationToken: Token);
            _time.Skip(TimeSpan.FromSeconds(4));
            Volatile.Write(ref hangsUp, true);
            var exception = await Assert.ThrowsAsync<ZooKeeperException>(() => client.ExistsAsync("/x", cancellationToken: Token));
            Assert.Equal(ZooKeeperErrorCode.ConnectionLoss, exception.ErrorCode);
            Volatile.Write(ref hangsUp, false);
        }

        await client.SyncAsync(cancellationToken: Token);
        Assert.Equal(11, _handshakes);
        Assert.Equal(0, _time.Pauses);
        await client.DetachAsync();
    }

    private const byte Sync = 9;

    private static byte[] Answer(byte[] frame) => Frame([.. frame.AsSpan(0, 4), .. Hex("0000000000000009 00000000 00000001 2f")]);

    private byte[] Handshake()
    {
        Interlocked.Increment(ref _handshakes);
        return Hex(Session);
    }

    private Task<ZooKeeperClient> ConnectAsync(WireServer server) => server.ConnectAsync(options =>
    {
        options.KeepAlive = false;
        options.TimeProvider = _time;
    });
}
