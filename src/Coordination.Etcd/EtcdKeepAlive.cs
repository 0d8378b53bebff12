using Etcdserverpb;
using Grpc.Core;

namespace Coordination.Etcd;

/// <summary>
/// The keep-alive stream of one lease: a request, its reply, one in flight, and only when it is asked to. A stream that failed, or whose reply was not waited for, is never used again.
/// </summary>
/// <param name="connection">The way to the cluster.</param>
/// <param name="lease">The lease.</param>
/// <param name="duration">How long it lives.</param>
internal sealed class EtcdKeepAlive(EtcdConnection connection, long lease, TimeSpan duration) : IDisposable
{
    private readonly LeaseKeepAliveRequest _request = new() { ID = lease };
    private readonly SemaphoreSlim _turn = new(1, 1);

    // The engine's first attempt at a renewal has a ninth of the duration with the default margin, and a fourteenth with the largest.
    private readonly TimeSpan _longestSilence = duration / 16;
    private Open? _open;
    private EtcdEndpoint? _asked;
    private long _askedAt;
    private volatile bool _disposed;

    /// <summary>Keeps the lease alive. One round trip, and one more when the stream that was there has broken.</summary>
    /// <param name="resource">For errors.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>How long it lives on; zero or less when it is not there.</returns>
    public async ValueTask<TimeSpan> SendAsync(string? resource, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(EtcdSession));
            _asked = null;
            var ttl = await connection.AskAsync(
                static (endpoint, self, headers, token) => self.AskAsync(endpoint, headers, token), this, true, "renew", resource, cancellationToken).ConfigureAwait(false);
            return TimeSpan.FromSeconds(ttl);
        }
        catch (OperationCanceledException) when (_asked is { } silent && TimeProvider.System.GetElapsedTime(_askedAt) > _longestSilence)
        {
            // Of a short lease there is less time left than a call may take: the next attempt, which has less yet, must not meet the same silence.
            connection.MoveOn(silent);
            throw;
        }
        finally
        {
            _turn.Release();
            if (_disposed)
            {
                Drop();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        Drop();
    }

    private async Task<long> AskAsync(EtcdEndpoint endpoint, Metadata headers, CancellationToken cancellationToken)
    {
        (_asked, _askedAt) = (endpoint, TimeProvider.System.GetTimestamp());
        if (_open is { } open && open.Endpoint == endpoint)
        {
            try
            {
                return await AskAsync(open, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is RpcException or IOException && !cancellationToken.IsCancellationRequested)
            {
                // It broke since it was last used; the member may be well. Renewing twice is harmless.
            }
        }

        Drop();
        _open = open = new Open(endpoint, endpoint.Lease.LeaseKeepAlive(new CallOptions(headers)));
        return await AskAsync(open, cancellationToken).ConfigureAwait(false);
    }

    private async Task<long> AskAsync(Open open, CancellationToken cancellationToken)
    {
        var isAnswered = false;
        try
        {
            await open.Call.RequestStream.WriteAsync(_request, cancellationToken).ConfigureAwait(false);
            isAnswered = await open.Call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);
            return isAnswered ? open.Call.ResponseStream.Current.TTL : throw new IOException("The keep-alive stream was ended by the server.");
        }
        catch (InvalidOperationException exception)
        {
            // gRPC's word for a stream that was completed or torn down meanwhile.
            throw new IOException("The keep-alive stream has ended.", exception);
        }
        finally
        {
            if (!isAnswered)
            {
                Drop();
            }
        }
    }

    private void Drop() => Interlocked.Exchange(ref _open, null)?.Call.Dispose();

    private sealed record Open(EtcdEndpoint Endpoint, AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> Call);
}
