using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>Another connection of a session, made with its id and password: what somebody does from outside to end the session, or to take its connection away.</summary>
public static class OtherConnection
{
    private const int CloseSession = -11;

    /// <summary>Ends a session at the server. Its ephemeral nodes go with it at once.</summary>
    /// <remarks>
    /// Its client connects anew as soon as it loses its connection. If it is back before the end is taken, the end may go with this connection, and is tried again; or the server takes the client's connection, ends the
    /// session, and then keeps a connection without a session, over which it says nothing. So the client is to be kept away meanwhile, unless a test is about that.
    /// </remarks>
    public static async Task EndSessionAsync(EndPoint server, long sessionId, ReadOnlyMemory<byte> password)
    {
        while (true)
        {
            using var socket = await ConnectAsync(server, sessionId, password, timeout: 30_000, CloseRequest());
            var said = await ReadToEndAsync(socket);

            // The session's confirmation has the time-out behind length and protocol: 0 when it has ended. The next frame says that it ends now.
            var first = said.Length < 12 ? 0 : 4 + BinaryPrimitives.ReadInt32BigEndian(said);
            if (first > 0 && (BinaryPrimitives.ReadInt32BigEndian(said.AsSpan(8)) == 0 || said.Length > first))
            {
                return;
            }
        }
    }

    /// <summary>Takes over a session's connection, and lets go of it: the session goes on, its client has to connect anew.</summary>
    public static async Task TakeConnectionAsync(EndPoint server, long sessionId, ReadOnlyMemory<byte> password, int timeout)
    {
        using var socket = await ConnectAsync(server, sessionId, password, timeout, []);
        var reply = new byte[64];
        await socket.ReceiveAsync(reply);
    }

    private static async Task<Socket> ConnectAsync(EndPoint server, long sessionId, ReadOnlyMemory<byte> password, int timeout, byte[] more)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server);

            // Length; protocol, last zxid, timeout, session, password, read-only.
            var request = new byte[4 + 45 + more.Length];
            BinaryPrimitives.WriteInt32BigEndian(request, 45);
            BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(16), timeout);
            BinaryPrimitives.WriteInt64BigEndian(request.AsSpan(20), sessionId);
            BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(28), 16);
            password.Span.CopyTo(request.AsSpan(32, 16));
            more.CopyTo(request, 49);
            await socket.SendAsync(request);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static byte[] CloseRequest()
    {
        var request = new byte[12];
        BinaryPrimitives.WriteInt32BigEndian(request, 8);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(4), 1);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(8), CloseSession);
        return request;
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var said = new MemoryStream();
        var buffer = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(buffer) is > 0 and var count)
            {
                said.Write(buffer, 0, count);
            }
        }
        catch (SocketException)
        {
            // Reset: ended as well.
        }

        return said.ToArray();
    }
}
