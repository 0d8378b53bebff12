using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>Disposing throws for no fault of a server, at whatever moment that comes.</summary>
public sealed class DisposalTests
{
    [Fact]
    public async Task A_connection_that_is_reset_while_the_client_is_disposed_is_nobodys_error()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var options = new ZooKeeperClientOptions { ConnectionString = listener.LocalEndpoint.ToString()! };

        for (var round = 0; round < 300; round++)
        {
            var client = new ZooKeeperClient(options);
            var connecting = client.ConnectAsync();
            var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
            await socket.ReceiveAsync(new byte[128], TestContext.Current.CancellationToken); // the handshake: now it waits for the answer
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Dispose();

            // The error takes its time through the layers: somewhere on its way it meets the end.
            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromMicroseconds(round % 50 * 10);)
            {
                Thread.SpinWait(10);
            }

            await client.DisposeAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => connecting);
        }
    }

    [Fact]
    public async Task An_attempt_that_fails_once_its_client_is_being_disposed_is_nobodys_error()
    {
        // The moment that the other test looks for: the attempt fails by itself, when it has just been stopped. The layer that fails is the test's own.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        ZooKeeperClient client = null!;
        var disposal = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        client = new ZooKeeperClient(new ZooKeeperClientOptions
        {
            ConnectionString = listener.LocalEndpoint.ToString()!,
            Tls = _ =>
            {
                disposal.SetResult(client.DisposeAsync().AsTask());
                throw new IOException("Connection reset by peer");
            },
        });
        var connecting = client.ConnectAsync();

        await await disposal.Task;
        await Assert.ThrowsAnyAsync<Exception>(() => connecting);
    }
}
