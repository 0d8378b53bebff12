using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordination.ZooKeeper.Client;

/// <summary>A client of ZooKeeper: one session, over one connection at a time to any of the servers.</summary>
/// <remarks>
/// <para>
/// <b>Order.</b> A request is on its way when its method has returned the task: requests are done in the order of the calls, and need not be awaited in between.
/// </para>
/// <para>
/// <b>Connections.</b> Without a connection requests wait for one, until their token is cancelled or the session is lost. A request that was sent and has no reply when the
/// connection ends fails with <see cref="ZooKeeperErrorCode.ConnectionLoss"/>: whether it was done is not known. A cancelled request may be done as well.
/// </para>
/// <para>
/// <b>Errors.</b> What a server refuses, or what comes of a connection, is a <see cref="ZooKeeperException"/>; its code says what it was. After the session has ended it is
/// <see cref="ZooKeeperErrorCode.SessionExpired"/>, and after <see cref="CloseAsync"/>, <see cref="DetachAsync"/> or <see cref="DisposeAsync"/> an
/// <see cref="ObjectDisposedException"/>.
/// </para>
/// <para>All members may be called by many threads at once.</para>
/// </remarks>
public sealed partial class ZooKeeperClient : IAsyncDisposable
{
    private readonly ZooKeeperClientOptions _options;
    private readonly ILogger _logger;
    private readonly ZooKeeperSession _session;
    private readonly Action<ZooKeeperRequest> _forget;

    /// <summary>Makes a client. Nothing is sent before <see cref="ConnectAsync"/>.</summary>
    /// <param name="options">How to connect. They are copied.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public ZooKeeperClient(ZooKeeperClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Checked();
        _logger = _options.LoggerFactory?.CreateLogger("Coordination.ZooKeeper.Client") ?? NullLogger.Instance;
        _session = new ZooKeeperSession(_options, _logger);
        _forget = _session.Forget;
        _session.StateChanged += state => StateChanged?.Invoke(state);
    }

    /// <summary>
    /// Told of each new state, in order, after <see cref="State"/> has it and after requests and watches have heard of a lost connection. Handlers must return at once: what
    /// follows waits for them.
    /// </summary>
    public event Action<ZooKeeperState>? StateChanged;

    /// <summary>How the client stands with its session.</summary>
    public ZooKeeperState State => _session.State;

    /// <summary>The session; 0 before there is one.</summary>
    public long SessionId => _session.Identity.Id;

    /// <summary>The session's password: who has it and the id can go on with the session, and can end it. It is a secret.</summary>
    public ReadOnlyMemory<byte> SessionPassword => _session.Identity.Password;

    /// <summary>The session's time-out as the servers set it; before there is a session, what is asked for.</summary>
    public TimeSpan NegotiatedTimeout => _session.NegotiatedTimeout;

    /// <summary>What the last attempt to connect failed with, or why the session is lost; <see langword="null"/> when neither is so.</summary>
    public Exception? LastError => _session.LastError;

    /// <summary>Connects and opens the session, or goes on with the one of the options. To be called first.</summary>
    /// <remarks>
    /// Returns at once when there is a connection. When it has failed the client goes on trying: call this again, or let requests wait, or dispose the client.
    /// </remarks>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when there is a connection.</returns>
    /// <exception cref="ZooKeeperException">
    /// All servers were tried once in vain (<see cref="ZooKeeperErrorCode.ConnectionLoss"/>), they refused the credentials (<see cref="ZooKeeperErrorCode.AuthFailed"/>), or the
    /// session has ended (<see cref="ZooKeeperErrorCode.SessionExpired"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was closed.</exception>
    public Task ConnectAsync(CancellationToken cancellationToken = default) => _session.ConnectAsync(cancellationToken);

    /// <summary>Ends the session at the servers, and with it its ephemeral nodes, at once; then the client is closed.</summary>
    /// <remarks>When the connection is lost meanwhile the client asks again, until the end is certain. Once it is, calling again does nothing.</remarks>
    /// <param name="cancellationToken">Ends the wait. The client stays as it was.</param>
    /// <returns>A task that ends when the end of the session is certain.</returns>
    /// <exception cref="ZooKeeperException">The servers refused the credentials: the session ends by its time-out.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        // Without an id there is no session to end.
        while (State != ZooKeeperState.Closed && SessionId != 0)
        {
            var request = new ZooKeeperRequest<bool>(ZooKeeperOpCode.CloseSession, null, ZooKeeperRequests.ReadNothing) { Replied = _ => _session.ExpectEnd() };
            try
            {
                await Send(request, cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.ConnectionLoss)
            {
                // The next connection will tell whether it was done.
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.SessionExpired)
            {
                break;
            }
            catch (ObjectDisposedException)
            {
                // Another call has done it, or does.
                break;
            }
        }

        await _session.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Closes the client, and leaves the session to the servers: it ends by its time-out, unless a client goes on with it (<see cref="ZooKeeperClientOptions.SessionId"/>).
    /// </summary>
    /// <returns>A task that ends when the connection is closed.</returns>
    public Task DetachAsync() => _session.DisposeAsync().AsTask();

    /// <summary>Somebody else goes on with the session. This client can still be used for as long as its connection is not lost or taken; then it ends.</summary>
    internal void EndWithConnection() => _session.EndWithConnection();

    /// <summary>Closes the client and tries to end the session, for up to a third of its time-out when there is a connection. Does not throw.</summary>
    /// <returns>A task that ends when the connection is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (State == ZooKeeperState.Connected)
        {
            using var limit = new CancellationTokenSource(NegotiatedTimeout / 3, _options.TimeProvider);
            try
            {
                await CloseAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is ZooKeeperException or OperationCanceledException)
            {
                // Then it ends by its time-out.
            }
        }

        await _session.DisposeAsync().ConfigureAwait(false);
    }

    private Task<T> Send<T>(ZooKeeperRequest<T> request, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            request.Frame.Dispose();
            return Task.FromCanceled<T>(cancellationToken);
        }

        if (request.Frame.Length > JuteWriter.MaxLength)
        {
            var length = request.Frame.Length;
            request.Frame.Dispose();
            throw new ArgumentException($"The request {request.Type} '{request.Path}' has {length} bytes. ZooKeeper takes {JuteWriter.MaxLength} at most.");
        }

        request.Frame.Complete();
        request.CancelWith(_forget, cancellationToken);
        _session.Send(request);
        return request.Task;
    }
}
