using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Coordination.ZooKeeper.Client;

/// <summary>Opens connections: TCP, TLS, the session, the credentials, all of it within one time limit.</summary>
/// <param name="options">The options.</param>
/// <param name="chroot">The node that is taken for the root.</param>
/// <param name="onEvent">Told of events, on the connection's read loop.</param>
internal sealed class ZooKeeperConnector(ZooKeeperClientOptions options, ZooKeeperChroot chroot, Action<ZooKeeperEvent> onEvent)
{
    /// <summary>Opens a connection and the session over it.</summary>
    /// <exception cref="ZooKeeperException">The session has ended, or the server refused the credentials. Anything else is worth a try elsewhere.</exception>
    public async Task<ZooKeeperConnection> OpenAsync(ZooKeeperServer server, ZooKeeperConnectRequest request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, options.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        Stream? stream = null;
        try
        {
            stream = await ConnectAsync(server, both.Token).ConfigureAwait(false);
            if (options.Tls is { } tls)
            {
                var secured = new SslStream(stream);
                stream = secured;
                await secured.AuthenticateAsClientAsync(tls(server.Host), both.Token).ConfigureAwait(false);
            }

            var connection = await ShakeHandsAsync(server, stream, request, both.Token).ConfigureAwait(false);
            stream = null;
            return connection;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"it did not take the session within {limit.TotalSeconds:0.###} s. It is overloaded, frozen or cut off, or its ensemble has no leader at the moment");
        }
        catch (AuthenticationException exception)
        {
            throw new IOException($"TLS failed: {exception.Message} {exception.InnerException?.Message}", exception);
        }
        finally
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task<Stream> ConnectAsync(ZooKeeperServer server, CancellationToken cancellationToken)
    {
        var socket = new Socket(server.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.Address, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<ZooKeeperConnection> ShakeHandsAsync(
        ZooKeeperServer server, Stream stream, ZooKeeperConnectRequest request, CancellationToken cancellationToken)
    {
        using (var frame = new JuteWriter())
        {
            request.Write(frame);
            await SendAsync(stream, frame, cancellationToken).ConfigureAwait(false);
        }

        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true));
        var response = await ZooKeeperFrames.ReadOneAsync(reader, ReadResponse, cancellationToken).ConfigureAwait(false);
        if (response.SaysExpired(request.SessionId))
        {
            throw new ZooKeeperException(ZooKeeperErrorCode.SessionExpired, $"ZooKeeper at {server} says that the session 0x{request.SessionId:x} has ended.");
        }

        if (response.Timeout == TimeSpan.Zero || response.SessionId == 0)
        {
            throw new InvalidDataException("The server gave no session.");
        }

        foreach (var credential in options.Credentials)
        {
            using var frame = ZooKeeperRequest.Begin(ZooKeeperOpCode.Auth, ZooKeeperReplyHeader.Auth);
            ZooKeeperRequests.WriteAuth(frame, credential);
            await SendAsync(stream, frame, cancellationToken).ConfigureAwait(false);
            var reply = await ZooKeeperFrames.ReadOneAsync(reader, ReadHeader, cancellationToken).ConfigureAwait(false);
            if (reply.Xid != ZooKeeperReplyHeader.Auth)
            {
                throw new InvalidDataException($"A reply to request {reply.Xid} came where one to the credentials was due.");
            }

            if (reply.Code != ZooKeeperErrorCode.Ok)
            {
                throw new ZooKeeperException(
                    ZooKeeperErrorCode.AuthFailed,
                    $"ZooKeeper at {server} refused the credential of scheme '{credential.Scheme}' ({reply.Code}). Correct it, or enable the scheme on the servers.");
            }
        }

        return new ZooKeeperConnection(server, stream, reader, response, chroot, options, onEvent);
    }

    private static ZooKeeperConnectResponse ReadResponse(System.Buffers.ReadOnlySequence<byte> frame)
    {
        var reader = new JuteReader(frame.AsSpan());
        return ZooKeeperConnectResponse.Read(ref reader);
    }

    private static ZooKeeperReplyHeader ReadHeader(System.Buffers.ReadOnlySequence<byte> frame)
    {
        var reader = new JuteReader(frame.AsSpan());
        return ZooKeeperReplyHeader.Read(ref reader);
    }

    private static async Task SendAsync(Stream stream, JuteWriter frame, CancellationToken cancellationToken)
    {
        frame.Complete();
        await stream.WriteAsync(frame.Memory, cancellationToken).ConfigureAwait(false);
    }
}
