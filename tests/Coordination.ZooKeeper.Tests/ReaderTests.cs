using Coordination.ZooKeeper.Tests.Client;
using Coordination.ZooKeeper.Tests.Support;
using static Coordination.ZooKeeper.Tests.Client.WireServer;

namespace Coordination.ZooKeeper.Tests;

/// <summary>The connection for inspections and observers.</summary>
public sealed class ReaderTests
{
    private const byte Auth = 100;
    private const byte AddWatch = 106;
    private const byte GetChildren = 12;

    private volatile bool _hangsUp;
    private volatile int _refusals;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_user_that_was_refused_is_tried_anew_at_the_next_use()
    {
        await using var server = new WireServer(Answer);
        await using var backend = Backend(server);
        _refusals = 2;
        for (var i = 0; i < 2; i++)
        {
            var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await backend.InspectAsync("x", holdersOnly: false, Token));
            Assert.False(fault.IsTransient);
            Assert.Contains("refused the user name or the password", fault.Message, StringComparison.Ordinal);
        }

        Assert.Empty((await backend.InspectAsync("x", holdersOnly: false, Token)).Holders);
    }

    [Fact]
    public async Task An_observer_goes_on_after_its_user_was_refused_in_between()
    {
        await using var server = new WireServer(Answer);
        await using var backend = Backend(server);
        var changes = 0;
        await using var watch = await backend.WatchAsync("x", () => Interlocked.Increment(ref changes), Token);
        await Run.UntilAsync(() => Task.FromResult(Volatile.Read(ref changes) == 1));

        // The connection breaks, and on the next one the user is refused.
        _refusals = 1;
        _hangsUp = true;
        await Assert.ThrowsAsync<CoordinationException>(async () => await backend.InspectAsync("x", holdersOnly: false, Token));
        _hangsUp = false;
        await Run.UntilAsync(() => Task.FromResult(_refusals == 0));
        var watches = Watches(server);
        await Run.UntilAsync(async () =>
        {
            try
            {
                await backend.InspectAsync("x", holdersOnly: false, Token);
                return true;
            }
            catch (CoordinationException)
            {
                return false;
            }
        });

        // It is told to look again, and is watched for on the new connection.
        await Run.UntilAsync(() => Task.FromResult(Volatile.Read(ref changes) >= 2));
        Assert.True(Watches(server) > watches);
        await watch.DisposeAsync();
        await Run.UntilAsync(() => Task.FromResult(server.Frames.Any(static frame => frame.Length > 7 && frame[7] == 18)));
    }

    private static int Watches(WireServer server) => server.Frames.Count(static frame => frame[7] == AddWatch);

    private static ZooKeeperBackend Backend(WireServer server) =>
        ZooKeeperBackend.Create(new ZooKeeperBackendOptions { ConnectionString = server.Address, UserName = "app", Password = "secret" });

    private byte[]? Answer(byte[] frame)
    {
        if (frame[7] != Auth && _hangsUp)
        {
            return null;
        }

        var isRefused = frame[7] == Auth && _refusals > 0;
        if (isRefused)
        {
            _refusals--;
        }

        var code = isRefused ? "ffffff8d" : frame[7] == GetChildren ? "ffffff9b" : "00000000";
        return Frame([.. frame.AsSpan(0, 4), .. Hex("0000000000000009"), .. Hex(code), .. frame[7] == Auth ? [] : Hex("00000001 2f")]);
    }
}
