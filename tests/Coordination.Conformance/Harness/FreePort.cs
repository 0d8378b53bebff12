using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Coordination.Conformance;

/// <summary>Ports of the loopback for servers that tests start.</summary>
public static class FreePort
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>
    /// A port that nobody uses now, below those that the system gives to outgoing connections: one of these could be taken again by the time that a server listens on it,
    /// or while it is down for a restart. None is given twice: between the choice and the start, nobody listens there.
    /// </summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                if (Given.TryAdd(port, true))
                {
                    return port;
                }
            }
            catch (SocketException)
            {
                // Somebody's.
            }
        }
    }
}
