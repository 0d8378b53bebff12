using System.Globalization;
using System.Net.Security;
using Coordination.Backends;
using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordination.ZooKeeper;

/// <summary>Queues of claims in a ZooKeeper ensemble, 3.6 or later.</summary>
/// <remarks>
/// A session is a session of ZooKeeper, a claim is an ephemeral sequential node, and its token is the transaction that made it. Node and listing in one write enter a claim and say whether it is granted; a
/// watch that all waiters of a session share says when its turn has come. What it promises rests on ZooKeeper's consensus, and on no clock that can be set.
/// </remarks>
public sealed class ZooKeeperBackend : ICoordinationBackend
{
    // With the shortest tick that makes sense, 200 ms: a server allows no session shorter than two of its ticks, and raises what is asked for to that.
    private static readonly BackendDescription ZooKeeperDescription =
        new("ZooKeeper") { Evidence = RenewalEvidence.PreviousRequest, MinDuration = TimeSpan.FromMilliseconds(400) };

    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private readonly ZooKeeperBackendOptions _options;
    private readonly ILoggerFactory? _loggerFactory;
    private readonly ILogger _logger;
    private readonly Func<string, SslClientAuthenticationOptions>? _tls;
    private readonly ZooKeeperReader _reader;

    private volatile bool _disposed;

    private ZooKeeperBackend(ZooKeeperBackendOptions options, ILoggerFactory? loggerFactory)
    {
        _loggerFactory = loggerFactory;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Coordination.ZooKeeper");
        _tls = options.UseTls ? ZooKeeperTls.Read(options.CertificateAuthorityFile, options.ClientCertificateFile, options.ClientKeyFile) : null;
        var slash = options.ConnectionString.IndexOf('/', StringComparison.Ordinal);
        Servers = (slash < 0 ? options.ConnectionString : options.ConnectionString[..slash]).Trim();
        Keys = new ZooKeeperKeys(slash < 0 ? "" : options.ConnectionString[slash..].Trim().TrimEnd('/'), options.RootPath);
        Acl = ZooKeeperAcls.Of(options);
        _options = options;
        _reader = new ZooKeeperReader(this, _logger);
    }

    /// <inheritdoc/>
    public BackendDescription Description => ZooKeeperDescription;

    /// <summary>Where the servers are, without the chroot.</summary>
    internal string Servers { get; }

    internal ZooKeeperKeys Keys { get; }

    internal UnansweredAttachments<string> Attachments { get; } = new(TimeProvider.System);

    /// <summary>The ACL of what is made.</summary>
    internal IReadOnlyList<ZooKeeperAcl> Acl { get; }

    /// <summary>Makes connections of its own, at the first call, with the defaults of all other options.</summary>
    /// <param name="connectionString">Where the servers are: <c>zk1:2181,zk2:2181,zk3:2181/chroot</c>.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">The connection string is empty or cannot be read.</exception>
    public static ZooKeeperBackend Create(string connectionString) => Create(new ZooKeeperBackendOptions { ConnectionString = connectionString });

    /// <summary>Makes connections of its own, at the first call, and disposes them. Servers that are not there are told of by each call, not here.</summary>
    /// <param name="options">Servers, root, user, ACL, certificates and call timeout; <see langword="null"/> for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">An option is out of its range, or a certificate's file cannot be read.</exception>
    public static ZooKeeperBackend Create(ZooKeeperBackendOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        options ??= new ZooKeeperBackendOptions();
        ZooKeeperBackendOptionsValidator.ThrowIfInvalid(options);
        return new ZooKeeperBackend(options, loggerFactory);
    }

    /// <inheritdoc/>
    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(listener);
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (request.Ticket is not null)
        {
            return await AttachAsync(request.Ticket, request, listener, cancellationToken).ConfigureAwait(false);
        }

        var session = new ZooKeeperSession(this, NewClient(request.Duration, keepAlive: false), listener, _logger);
        return await OpenAsync(session, request.Duration, "open a session", null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return await _reader.InspectAsync(resource, holdersOnly, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException exception)
        {
            throw ZooKeeperErrors.Translate(exception, Servers, "inspect", resource);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return await _reader.WatchAsync(resource, changed, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException exception)
        {
            throw ZooKeeperErrors.Translate(exception, Servers, "watch", resource);
        }
    }

    /// <inheritdoc/>
    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await _reader.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A connection that is not made yet.</summary>
    /// <param name="duration">Of its session.</param>
    /// <param name="keepAlive">Whether it keeps the session alive by itself.</param>
    /// <param name="ticket">The session to go on with; <see langword="null"/> for a new one.</param>
    /// <returns>The client.</returns>
    internal ZooKeeperClient NewClient(TimeSpan duration, bool keepAlive, ZooKeeperTicket? ticket = null)
    {
        // Part of a millisecond more is more than was asked for, and never less. What is more than fits is refused by the server's cap.
        var timeout = TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(duration.TotalMilliseconds), int.MaxValue));
        var limit = AnswerLimit(timeout);
        return new ZooKeeperClient(new ZooKeeperClientOptions
        {
            ConnectionString = Servers,
            SessionTimeout = timeout,
            ConnectTimeout = limit,
            ReplyTimeout = limit,
            KeepAlive = keepAlive,
            ReconnectAfterLoss = keepAlive,
            Credentials = string.IsNullOrEmpty(_options.UserName) ? [] : [ZooKeeperCredential.Digest(_options.UserName, _options.Password!)],
            Tls = _tls,
            SessionId = ticket?.SessionId,
            SessionPassword = ticket?.Password ?? default,
            LoggerFactory = _loggerFactory,
        });
    }

    /// <summary>
    /// Makes the node that all others are under, and those above it. It goes, like those of resources, some time after the last below it has
    /// gone; one that never had any below it stays until it is used.
    /// </summary>
    /// <param name="client">Over which connection.</param>
    internal async Task MakeRootsAsync(ZooKeeperClient client)
    {
        foreach (var path in Keys.Roots())
        {
            try
            {
                await client.CreateAsync(path, default, path == Keys.Root ? ZooKeeperCreateMode.Container : ZooKeeperCreateMode.Persistent, Acl).ConfigureAwait(false);
                ZooKeeperLog.RootMade(_logger, path);
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NodeExists)
            {
                // Somebody else's.
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoAuth)
            {
                // What is above may be closed, as long as this one is there.
                if (await client.ExistsAsync(path).ConfigureAwait(false) is null)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>
    /// How long a server may take. Of several the next is asked early enough for a session to be saved. One alone gets more time: it is the same that would be asked again, and a new connection is no quicker to answer; but one
    /// that is silently gone must be noticed in time too.
    /// </summary>
    private TimeSpan AnswerLimit(TimeSpan timeout)
    {
        if (Servers.Contains(',', StringComparison.Ordinal))
        {
            return Min(_options.CallTimeout, timeout / 3);
        }

        var least = Min(_options.CallTimeout, 2 * timeout / 3);
        var more = Min(timeout / 6, LongestAnswer);
        return more > least ? more : least;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private async ValueTask<ZooKeeperSession> OpenAsync(
        ZooKeeperSession session, TimeSpan duration, string operation, string? resource, CancellationToken cancellationToken)
    {
        try
        {
            await session.OpenAsync(duration, operation, resource, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (ZooKeeperException exception)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw exception.ErrorCode == ZooKeeperErrorCode.SessionExpired && resource is not null
                ? Ended(resource, exception)
                : ZooKeeperErrors.Translate(exception, Servers, operation, resource);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// The session goes on over a connection of ours. Whoever has the ticket could take the connection from any other: so the takers write into the claim's node first, which only one can from the version that the
    /// ticket names.
    /// </summary>
    private async ValueTask<IBackendSession> AttachAsync(string text, SessionRequest request, ISessionListener listener, CancellationToken cancellationToken)
    {
        const string operation = "attach";
        var ticket = ZooKeeperTicket.Parse(text);
        if (ticket.Timeout < request.ShortestDuration)
        {
            // Before anything is written: the ticket stays good for whoever asks for less.
            throw new CoordinationException(
                $"ZooKeeper at {Servers} could not attach '{ticket.Resource}': the lease was detached with a duration of {ticket.Timeout}, which it keeps, and the safety margin needs {request.ShortestDuration} at least. Attach it with a shorter margin, or detach a longer lease.",
                isTransient: false);
        }

        // Not longer than it was promised to whoever detached it.
        var duration = Min(request.Duration, ticket.Timeout);

        // An attempt after one whose reply was lost must be known for the same one's, or the lease would be nobody's. One beside another is another's.
        var taker = Attachments.Take(text) ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        try
        {
            return await AttachAsync(ticket, taker, duration, listener, operation, cancellationToken).ConfigureAwait(false);
        }
        catch (LeaseLostException)
        {
            throw;
        }
        catch
        {
            Attachments.Keep(text, _ => taker, ticket.Timeout);
            throw;
        }
    }

    private async ValueTask<IBackendSession> AttachAsync(
        ZooKeeperTicket ticket, string taker, TimeSpan duration, ISessionListener listener, string operation, CancellationToken cancellationToken)
    {
        try
        {
            if (!await _reader.TakeAsync(ticket, taker, cancellationToken).ConfigureAwait(false))
            {
                throw Ended(ticket.Resource, null);
            }
        }
        catch (ZooKeeperException exception)
        {
            throw ZooKeeperErrors.Translate(exception, Servers, operation, ticket.Resource);
        }

        var session = new ZooKeeperSession(this, NewClient(duration, keepAlive: false, ticket), listener, _logger);
        session.Adopt(ticket.Resource, ticket.Node, ticket.Token);
        return await OpenAsync(session, duration, operation, ticket.Resource, cancellationToken).ConfigureAwait(false);
    }

    private static LeaseLostException Ended(string resource, Exception? innerException)
    {
        var message = $"The lease of '{resource}' on ZooKeeper had ended, or was taken over by another, before it was attached.";
        return innerException is null ? new LeaseLostException(message) : new LeaseLostException(message, innerException);
    }
}
