using System.Net.Security;
using System.Net.Sockets;
using Etcdserverpb;
using Grpc.Net.Client;

namespace Coordination.Etcd;

/// <summary>One member of the cluster: a channel of our own, and etcd's clients over it.</summary>
internal sealed class EtcdEndpoint : IDisposable
{
    private readonly GrpcChannel _channel;
    private CancellationTokenSource _left = new();

    /// <summary>Names a member. Nothing is sent.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="callTimeout">How long a connection may take.</param>
    /// <param name="tls">For addresses with https.</param>
    public EtcdEndpoint(Uri address, TimeSpan callTimeout, SslClientAuthenticationOptions tls)
    {
        Address = address;
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectTimeout = callTimeout,
            EnableMultipleHttp2Connections = true,
            UseProxy = false,

            // A connection that is silently gone is noticed after 9 s. A member closes connections that ping more often than every 5 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(6),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(3),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,

            // With a callback of ours gRPC leaves connecting to the handler, which tries at each call; its own way waits up to two minutes after a failure.
            ConnectCallback = ConnectAsync,
        };
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxRetryAttempts = 1,
            ThrowOperationCanceledOnCancellation = true,
        });
        var invoker = _channel.CreateCallInvoker();
        Kv = new KV.KVClient(invoker);
        Lease = new Lease.LeaseClient(invoker);
        Watch = new Watch.WatchClient(invoker);
        Auth = new Auth.AuthClient(invoker);
    }

    /// <summary>Where it is.</summary>
    public Uri Address { get; }

    public KV.KVClient Kv { get; }

    public Lease.LeaseClient Lease { get; }

    public Watch.WatchClient Watch { get; }

    public Auth.AuthClient Auth { get; }

    /// <summary>Cancelled when the connection goes on with another member: streams over this one end with it.</summary>
    public CancellationToken Left => Volatile.Read(ref _left).Token;

    /// <summary>Ends the streams over this member.</summary>
    public void Leave() => Interlocked.Exchange(ref _left, new CancellationTokenSource()).Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _channel.Dispose();
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
