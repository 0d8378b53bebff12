using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Garnet;

namespace Quickstart;

/// <summary>A Redis-compatible server inside this process, on a free port of the loopback interface: nothing needs to be installed.</summary>
internal sealed class GarnetHost : IDisposable
{
    private readonly GarnetServer _server;
    private int _disposed;

    private GarnetHost(GarnetServer server, int port)
    {
        _server = server;
        Endpoint = $"127.0.0.1:{port}";
    }

    public string Endpoint { get; }

    public static GarnetHost Start()
    {
        // Another program may take the free port before Garnet does.
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            try
            {
                // Without its transaction mode, Garnet interleaves the commands of scripts that run at once, and nothing excludes anything.
                var server = new GarnetServer([
                    "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture),
                    "--lua", "--lua-transaction-mode", "-m", "64m", "-i", "1m", "-q"]);
                server.Start();
                return new GarnetHost(server, port);
            }
            catch (Exception exception) when (attempt < 5 && (exception is SocketException || exception.InnerException is SocketException))
            {
            }
        }
    }

    /// <summary>Stops the server. Garnet does not bear being disposed twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _server.Dispose();
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
