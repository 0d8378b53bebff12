using System.Runtime.CompilerServices;
using Etcdserverpb;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Coordination.Etcd;

/// <summary>
/// The way to the cluster: one member at a time, and the next when that one fails. A request whose outcome is unknown is sent again only if that is harmless; otherwise the
/// fault goes to the engine, which asks again with the same id.
/// </summary>
internal sealed class EtcdConnection : IAsyncDisposable
{
    private readonly EtcdEndpoint[] _endpoints;
    private readonly EtcdAuthentication _authentication;
    private readonly ILogger _logger;
    private int _current;
    private volatile bool _disposed;

    /// <summary>Names the members. Nothing is sent.</summary>
    /// <param name="options">The options, checked.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="ArgumentException">A certificate's file cannot be read.</exception>
    public EtcdConnection(EtcdBackendOptions options, ILogger logger)
    {
        _logger = logger;
        var tls = EtcdTls.Read(options);
        Limit = new EtcdCallLimit(options.CallTimeout);
        _authentication = new EtcdAuthentication(string.IsNullOrEmpty(options.UserName) ? null : options.UserName, options.Password, logger);
        _endpoints = [.. EtcdBackendOptionsValidator.Addresses(options.Endpoints)!.Select(address => new EtcdEndpoint(address, options.CallTimeout, tls))];
    }

    /// <summary>The member that is asked now.</summary>
    public EtcdEndpoint Current => _endpoints[Volatile.Read(ref _current)];

    /// <summary>How many members there are.</summary>
    public int Count => _endpoints.Length;

    public EtcdCallLimit Limit { get; }

    public EtcdAuthentication Authentication => _authentication;

    /// <summary>Runs a transaction. Never sent again when its outcome is unknown.</summary>
    public ValueTask<TxnResponse> TransactAsync(TxnRequest request, string operation, string? resource, CancellationToken cancellationToken) =>
        CallAsync(static (endpoint, request, options) => endpoint.Kv.TxnAsync(request, options), request, false, operation, resource, cancellationToken);

    /// <summary>Removes keys. Never sent again when its outcome is unknown.</summary>
    public ValueTask<DeleteRangeResponse> DeleteAsync(DeleteRangeRequest request, string operation, string? resource, CancellationToken cancellationToken) =>
        CallAsync(static (endpoint, request, options) => endpoint.Kv.DeleteRangeAsync(request, options), request, false, operation, resource, cancellationToken);

    /// <summary>Runs a transaction that only reads.</summary>
    public ValueTask<TxnResponse> ReadAsync(TxnRequest request, string operation, string? resource, CancellationToken cancellationToken) =>
        CallAsync(static (endpoint, request, options) => endpoint.Kv.TxnAsync(request, options), request, true, operation, resource, cancellationToken);

    /// <summary>Reads keys.</summary>
    public ValueTask<RangeResponse> ReadAsync(RangeRequest request, string operation, string? resource, CancellationToken cancellationToken) =>
        CallAsync(static (endpoint, request, options) => endpoint.Kv.RangeAsync(request, options), request, true, operation, resource, cancellationToken);

    /// <summary>Makes a lease. One that is made twice ends by itself.</summary>
    public ValueTask<LeaseGrantResponse> GrantAsync(LeaseGrantRequest request, string operation, string? resource, CancellationToken cancellationToken) =>
        CallAsync(static (endpoint, request, options) => endpoint.Lease.LeaseGrantAsync(request, options), request, true, operation, resource, cancellationToken);

    /// <summary>Ends a lease.</summary>
    public ValueTask<LeaseRevokeResponse> RevokeAsync(LeaseRevokeRequest request, string operation, CancellationToken cancellationToken) =>
        CallAsync(static (endpoint, request, options) => endpoint.Lease.LeaseRevokeAsync(request, options), request, true, operation, null, cancellationToken);

    /// <summary>
    /// Runs something over one member after another, until one has answered, or a fault says that asking another would be wrong or in vain.
    /// </summary>
    /// <param name="ask">Asks one member. Its token is cancelled by the call timeout too.</param>
    /// <param name="state">What it needs.</param>
    /// <param name="isRepeatable">Whether it may be done twice.</param>
    /// <param name="operation">For errors: a verb.</param>
    /// <param name="resource">For errors.</param>
    /// <param name="cancellationToken">The caller's.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TReply> AskAsync<TState, TReply>(
        Func<EtcdEndpoint, TState, Metadata, CancellationToken, Task<TReply>> ask,
        TState state,
        bool isRepeatable,
        string operation,
        string? resource,
        CancellationToken cancellationToken)
    {
        var hasRenewedToken = false;
        for (var asked = 1; ; asked++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed, typeof(EtcdBackend));
            var endpoint = Current;
            Metadata? headers = null;
            var began = TimeProvider.System.GetTimestamp();
            using var limit = Limit.Begin(cancellationToken);
            try
            {
                headers = await _authentication.HeadersAsync(endpoint, limit.Token).ConfigureAwait(false);
                return await ask(endpoint, state, headers, limit.Token).ConfigureAwait(false);
            }
            catch (RpcException exception) when (
                !hasRenewedToken && headers is not null && _authentication.HasUser && EtcdErrors.IsTokenRefused(exception))
            {
                // It was refused before anything was done.
                hasRenewedToken = true;
                _authentication.Refused(headers);
                asked--;
            }
            catch (Exception exception) when (exception is RpcException or OperationCanceledException or IOException or HttpRequestException)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    // A caller with less time than the call timeout must not meet the same silence each time. One that just left has learned nothing.
                    if (TimeProvider.System.GetElapsedTime(began) > Limit.Timeout / 4)
                    {
                        MoveOn(endpoint);
                    }

                    cancellationToken.ThrowIfCancellationRequested();
                }

                ObjectDisposedException.ThrowIf(_disposed, typeof(EtcdBackend));
                var isOutOfReach = EtcdErrors.IsOutOfReach(exception);
                if (isOutOfReach)
                {
                    MoveOn(endpoint);
                }

                // Without headers nothing but the log-in was sent.
                if (!isOutOfReach || asked >= Count || !(isRepeatable || headers is null || EtcdErrors.WasNotSent(exception)))
                {
                    throw EtcdErrors.Translate(exception, endpoint.Address, Limit.Timeout, operation, resource);
                }
            }
        }
    }

    /// <summary>Goes on with the next member, unless that was done already.</summary>
    /// <param name="endpoint">The one that failed.</param>
    public void MoveOn(EtcdEndpoint endpoint)
    {
        if (Count == 1)
        {
            return;
        }

        var current = Volatile.Read(ref _current);
        var next = (current + 1) % Count;
        if (_endpoints[current] == endpoint && Interlocked.CompareExchange(ref _current, next, current) == current)
        {
            EtcdLog.EndpointLeft(_logger, endpoint.Address, _endpoints[next].Address);
            endpoint.Leave();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (var endpoint in _endpoints)
        {
            endpoint.Dispose();
        }

        _authentication.Dispose();
        return ValueTask.CompletedTask;
    }

    private ValueTask<TReply> CallAsync<TRequest, TReply>(
        Func<EtcdEndpoint, TRequest, CallOptions, AsyncUnaryCall<TReply>> call,
        TRequest request,
        bool isRepeatable,
        string operation,
        string? resource,
        CancellationToken cancellationToken) =>
        AskAsync(
            static (endpoint, state, headers, token) => state.call(endpoint, state.request, new CallOptions(headers, cancellationToken: token)).ResponseAsync,
            (call, request),
            isRepeatable,
            operation,
            resource,
            cancellationToken);
}
