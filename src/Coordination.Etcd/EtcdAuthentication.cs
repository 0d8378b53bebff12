using Etcdserverpb;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Coordination.Etcd;

/// <summary>What each request says besides itself: the user's token, where there is a user, which is asked for at the first request and after it was refused.</summary>
/// <param name="user">The user, or <see langword="null"/>.</param>
/// <param name="password">The password.</param>
/// <param name="logger">The log.</param>
internal sealed class EtcdAuthentication(string? user, string? password, ILogger logger) : IDisposable
{
    // A member that has lost its cluster says so at once, instead of letting the request wait for a leader.
    private static readonly Metadata Anonymous = new() { { "hasleader", "true" } };

    private readonly SemaphoreSlim _turn = new(1, 1);
    private Metadata? _headers = user is null ? Anonymous : null;

    /// <summary>Whether a new token can help when one is refused.</summary>
    public bool HasUser => user is not null;

    /// <summary>The headers; one round trip when there is no token yet.</summary>
    /// <param name="endpoint">The member that is asked for a token.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The headers.</returns>
    public ValueTask<Metadata> HeadersAsync(EtcdEndpoint endpoint, CancellationToken cancellationToken) =>
        Volatile.Read(ref _headers) is { } headers ? new(headers) : LogInAsync(endpoint, cancellationToken);

    /// <summary>The token was refused: the next request asks for a new one.</summary>
    /// <param name="headers">The headers that it was in.</param>
    public void Refused(Metadata headers)
    {
        if (HasUser)
        {
            Interlocked.CompareExchange(ref _headers, null, headers);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async ValueTask<Metadata> LogInAsync(EtcdEndpoint endpoint, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_headers is { } made)
            {
                return made;
            }

            var headers = new Metadata { { "hasleader", "true" } };
            try
            {
                using var call = endpoint.Auth.AuthenticateAsync(
                    new AuthenticateRequest { Name = user, Password = password }, new CallOptions(Anonymous, cancellationToken: cancellationToken));
                headers.Add("token", (await call.ResponseAsync.ConfigureAwait(false)).Token);
                EtcdLog.LoggedIn(logger, user!);
            }
            catch (RpcException exception) when (EtcdErrors.IsAuthenticationDisabled(exception))
            {
                EtcdLog.AuthenticationDisabled(logger, endpoint.Address);
            }

            Volatile.Write(ref _headers, headers);
            return headers;
        }
        finally
        {
            _turn.Release();
        }
    }
}
