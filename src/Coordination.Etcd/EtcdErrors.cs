using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Coordination.Etcd;

/// <summary>How gRPC's and etcd's errors become <see cref="CoordinationException"/>. The only place that knows.</summary>
internal static class EtcdErrors
{
    /// <summary>Whether the lease is not there any more.</summary>
    public static bool IsLeaseNotFound(Exception exception) =>
        Rpc(exception) is { StatusCode: StatusCode.NotFound } e && Says(e, "requested lease not found");

    /// <summary>
    /// Whether the token is unknown to the member, such as after its restart, or older than the last change of users and roles; or there is none, since authentication was enabled only after the log-in.
    /// </summary>
    public static bool IsTokenRefused(RpcException exception) =>
        Says(exception, "invalid auth token") || Says(exception, "revision of auth store is old") || Says(exception, "user name is empty");

    /// <summary>Whether a log-in failed because there is nothing to log in to.</summary>
    public static bool IsAuthenticationDisabled(RpcException exception) => Says(exception, "authentication is not enabled");

    /// <summary>Whether another member may do better.</summary>
    public static bool IsOutOfReach(Exception exception) => exception switch
    {
        RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Aborted or StatusCode.Unimplemented } => true,
        RpcException { StatusCode: StatusCode.Internal or StatusCode.Unknown } e => !Says(e, "etcdserver:"),
        RpcException => false,
        _ => true,
    };

    /// <summary>Whether the request certainly never left: there was no connection to send it over.</summary>
    public static bool WasNotSent(Exception exception) => Http(exception) is
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
    };

    /// <summary>
    /// Whether the request is over, and changed nothing: it never left, or the cluster refused it. Of <see cref="IsOutOfSpace"/> only the first is certain: what meets the quota while it is
    /// applied has been applied (etcd's <c>quotaApplierV3</c>).
    /// </summary>
    public static bool DidNothing(Exception exception) => WasNotSent(exception) || Rpc(exception) is
    {
        StatusCode: StatusCode.ResourceExhausted or StatusCode.PermissionDenied or StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.Unauthenticated,
    } e && Says(e, "etcdserver:");

    /// <summary>Whether the database has reached its quota (alarm NOSPACE): nothing is written until somebody has made space.</summary>
    public static bool IsOutOfSpace(Exception exception) => Rpc(exception) is { StatusCode: StatusCode.ResourceExhausted } e && Says(e, "database space exceeded");

    /// <summary>Says what went wrong, where, and what to do.</summary>
    /// <param name="exception">What the driver threw.</param>
    /// <param name="endpoint">The member that was asked.</param>
    /// <param name="timeout">The call timeout.</param>
    /// <param name="operation">What was tried: a verb, such as <c>claim</c>.</param>
    /// <param name="resource">The resource, if it was about one.</param>
    /// <returns>The exception to throw.</returns>
    public static CoordinationException Translate(Exception exception, Uri endpoint, TimeSpan timeout, string operation, string? resource)
    {
        var (cause, isTransient) = Explain(exception, timeout);
        var what = resource is null ? operation : $"{operation} '{resource}'";
        return new CoordinationException($"etcd at {endpoint.GetLeftPart(UriPartial.Authority)} could not {what}: {cause}", isTransient, exception);
    }

    private static (string Cause, bool IsTransient) Explain(Exception exception, TimeSpan timeout)
    {
        if (exception is OperationCanceledException or RpcException { StatusCode: StatusCode.DeadlineExceeded or StatusCode.Cancelled })
        {
            return ($"it did not answer within {timeout.TotalSeconds:0.###} s. It is overloaded, frozen or cut off, or its cluster has no leader at the moment.", true);
        }

        if (Rpc(exception) is { } rpc && Explain(rpc) is { } explained)
        {
            return explained;
        }

        return Connection(exception) ?? ($"the connection failed: {Reason(exception)}", true);
    }

    private static (string Cause, bool IsTransient)? Explain(RpcException e)
    {
        var says = e.Status.Detail;
        return e.StatusCode switch
        {
            _ when Says(e, "invalid user ID or password") =>
                ("it refused the user name or the password. Correct UserName and Password.", false),
            _ when Says(e, "user name is empty") || Says(e, "user name not found") =>
                ("it has authentication enabled, and no user was given. Set UserName and Password.", false),
            _ when IsTokenRefused(e) =>
                ("it refused a token that it had just given out. It goes on when its members agree on users and roles again.", true),
            StatusCode.PermissionDenied =>
                ("the user lacks a permission. Grant its role readwrite on all keys that begin with the KeyPrefix and '|' " +
                    "(etcdctl role grant-permission ROLE readwrite 'coordination|' --prefix=true).", false),
            StatusCode.ResourceExhausted when IsOutOfSpace(e) =>
                ("its database has reached its quota (alarm NOSPACE), and it takes no writes. Leases that are held can still be renewed and released. " +
                    "Compact and defragment it or raise --quota-backend-bytes, then disarm the alarm (etcdctl alarm disarm).", false),
            StatusCode.ResourceExhausted => ($"it has too much to do: {says}", true),
            StatusCode.Unimplemented =>
                ("what answers there does not know etcd's requests. Check that Endpoints names the client port of etcd 3.4 or later.", false),
            StatusCode.NotFound when IsLeaseNotFound(e) => ("the session has ended there. Claim anew.", true),
            StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.OutOfRange or StatusCode.Unauthenticated or StatusCode.AlreadyExists =>
                ($"it refused the request: {says}", false),
            _ when Says(e, "etcdserver:") => ($"it answered: {says}", true),
            _ => null,
        };
    }

    // No answer of etcd's: what the driver says of the connection.
    private static (string Cause, bool IsTransient)? Connection(Exception exception)
    {
        var chain = new List<Exception>();
        for (var e = exception; e is not null; e = Inner(e))
        {
            chain.Add(e);
        }

        // A server that goes away while a connection is made also leaves a handshake unfinished: that is told by the socket.
        return chain switch
        {
            _ when chain.OfType<AuthenticationException>().Any() =>
                ($"no TLS connection could be made. Check CertificateAuthorityFile, the client's certificate, and that this is the port for https. {Reason(exception)}", false),
            _ when chain.OfType<SocketException>().Any() =>
                ($"it is out of reach. Check that it runs and that Endpoints names it. {Reason(exception)}", true),
            _ when chain.OfType<HttpRequestException>().Any(static e => e.HttpRequestError == HttpRequestError.SecureConnectionError) =>
                ($"it ended the connection instead of answering in TLS. It is going down, or this is not a port for https. {Reason(exception)}", true),
            _ when chain.OfType<HttpIOException>().Any(static e => e.HttpRequestError == HttpRequestError.ResponseEnded) =>
                ($"it closed the connection without a word. It is going down, or does not speak etcd's protocol: check the address, the port, and whether it wants https. {Reason(exception)}", true),
            _ when chain.OfType<HttpProtocolException>().Any() || chain.OfType<HttpRequestException>().Any(static e => e.HttpRequestError is
                HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError) => (NotEtcd(exception), false),
            _ when chain.OfType<RpcException>().Any(static e => e.Status.Detail.Contains("Bad gRPC response", StringComparison.Ordinal)) => (NotEtcd(exception), false),
            _ => null,
        };
    }

    private static string NotEtcd(Exception exception) =>
        $"what answers there does not speak etcd's protocol. Check the address, the port, and whether it wants https. {Reason(exception)}";

    private static bool Says(RpcException exception, string text) => exception.Status.Detail.Contains(text, StringComparison.Ordinal);

    private static RpcException? Rpc(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is RpcException rpc)
            {
                return rpc;
            }
        }

        return null;
    }

    private static HttpRequestException? Http(Exception exception)
    {
        for (var e = exception; e is not null; e = Inner(e))
        {
            if (e is HttpRequestException http)
            {
                return http;
            }
        }

        return null;
    }

    // gRPC keeps the cause beside the chain.
    private static Exception? Inner(Exception exception) =>
        exception is RpcException rpc ? rpc.Status.DebugException ?? rpc.InnerException : exception.InnerException;

    private static string Reason(Exception exception)
    {
        var last = exception;
        for (var e = exception; e is not null; e = Inner(e))
        {
            last = e;
        }

        return $"The driver says: {last.Message}";
    }
}
