using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Coordination.ZooKeeper.Tests.Support;

/// <summary>Another connection of a session, made with its id and password: what somebody does from outside to end the session, or to take its connection away.</summary>
public static class OtherConnection
{
    private const int CloseSession = -11;

    /// <summary>Ends a session at the server. Its ephemeral nodes go with it at once.</summary>
    public static async Task EndSessionAsync(EndPoint server, long sessionId, ReadOnlyMemory<byte> password)
    {
        using var socket = await ConnectAsync(server, sessionId, password, timeout: 30_000, CloseRequest());
        await ReadToEndAsync(socket);
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

    private static async Task ReadToEndAsync(Socket socket)
    {
        var buffer = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: ended as well.
        }
    }
}
