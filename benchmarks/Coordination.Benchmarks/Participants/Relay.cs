using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// Stands before servers and holds what passes for a while, in each direction, as a network does that lies between. In a process of its own, so that
/// its work does not count as the client's. Says <c>ports</c> and where it listens for each of the servers.
/// </summary>
/// <remarks>
/// One thread for each direction of each connection: reads, sleeps, writes. It delays and does not narrow as long as a connection carries one message
/// at a time, as it does without contention; what comes while it sleeps is held for up to twice as long.
/// </remarks>
internal static class Relay
{
    public const string Role = "relay";

    public static async Task RunAsync()
    {
        var order = Participant.ReadOrder<Order>();
        var ports = new long[order.Ports.Count];
        for (var i = 0; i < ports.Length; i++)
        {
            var (listener, server) = (new TcpListener(IPAddress.Loopback, 0), order.Ports[i]);
            listener.Start();
            ports[i] = ((IPEndPoint)listener.LocalEndpoint).Port;
            Run(() => Accept(listener, server, order.Microseconds));
        }

        Participant.Say("ready");
        Participant.Say("ports", ports);
        while (await Participant.ListenAsync() is not null)
        {
            // Until the run is over.
        }
    }

    private static void Accept(TcpListener listener, int server, int microseconds)
    {
        while (true)
        {
            var client = listener.AcceptSocket();
            var onward = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                onward.Connect(IPAddress.Loopback, server);
            }
            catch (SocketException)
            {
                client.Dispose();
                onward.Dispose();
                continue;
            }

            client.NoDelay = onward.NoDelay = true;
            Run(() => Pass(client, onward, microseconds));
            Run(() => Pass(onward, client, microseconds));
        }
    }

    private static void Pass(Socket from, Socket to, int microseconds)
    {
        var buffer = new byte[65536];
        try
        {
            while (from.Receive(buffer) is > 0 and var length)
            {
                Sleep(microseconds);
                to.Send(buffer.AsSpan(0, length));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One end is gone, and so goes the other.
            from.Dispose();
            to.Dispose();
        }
    }

    private static void Run(ThreadStart action) => new Thread(action, maxStackSize: 256 * 1024) { IsBackground = true }.Start();

    /// <summary>The runtime's own sleeps are whole milliseconds.</summary>
    private static void Sleep(int microseconds)
    {
        var rest = new TimeSpec { Seconds = microseconds / 1_000_000, Nanoseconds = microseconds % 1_000_000 * 1000 };
        while (NanoSleep(rest, out rest) != 0)
        {
            // A signal came: the rest of it.
        }
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int NanoSleep(in TimeSpec request, out TimeSpec remaining);

    /// <param name="Ports">Where the servers listen on the loopback.</param>
    /// <param name="Microseconds">How long each message is held.</param>
    public sealed record Order(IReadOnlyList<int> Ports, int Microseconds);

    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
