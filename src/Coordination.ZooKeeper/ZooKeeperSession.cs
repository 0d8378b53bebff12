using System.Runtime.CompilerServices;
using Coordination.Backends;
using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper;

/// <summary>
/// A session of ZooKeeper with a connection of its own, over which nothing goes but what the engine asks for: it lives by renewals alone.
/// </summary>
/// <remarks>
/// What is sent over one connection is done in that order. A release therefore need not fear a request to enter the claim that is still under way: it waits for its answer, or looks for what it left. After a
/// reconnect the servers refuse what the former connection left unsaid (SessionMoved), and what a majority agrees to comes after what they took.
/// </remarks>
internal sealed partial class ZooKeeperSession : IBackendSession
{
    private readonly ZooKeeperBackend _backend;
    private readonly ZooKeeperClient _client;
    private readonly ZooKeeperQueues _queues;
    private readonly ZooKeeperClaims _claims = new();
    private readonly ILogger _logger;
    private ISessionListener? _listener;

    // What a copy of the request to detach that comes late is answered: whoever attached may have the connection by then.
    private (string Claim, string Ticket)? _detached;

    /// <summary>Prepares a session. Nothing is sent.</summary>
    /// <param name="backend">Its backend.</param>
    /// <param name="client">Its connection.</param>
    /// <param name="listener">Who hears of its claims.</param>
    /// <param name="logger">The log.</param>
    public ZooKeeperSession(ZooKeeperBackend backend, ZooKeeperClient client, ISessionListener listener, ILogger logger)
    {
        _backend = backend;
        _client = client;
        _logger = logger;
        _listener = listener;
        _queues = new ZooKeeperQueues(client, logger);
        client.StateChanged += Changed;
    }

    /// <inheritdoc/>
    public TimeSpan Duration { get; private set; }

    /// <summary>Its connection.</summary>
    public ZooKeeperClient Client => _client;

    private ZooKeeperKeys Keys => _backend.Keys;

    /// <summary>Opens it at the servers, or goes on with the one that the client's options name.</summary>
    /// <param name="duration">How long it is to live.</param>
    /// <param name="operation">For errors: a verb.</param>
    /// <param name="resource">For errors.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="CoordinationException">It could not be opened, or the servers allow less.</exception>
    public async ValueTask OpenAsync(TimeSpan duration, string operation, string? resource, CancellationToken cancellationToken)
    {
        await _client.ConnectAsync(cancellationToken).ConfigureAwait(false);
        Duration = _client.NegotiatedTimeout;
        if (Duration < duration)
        {
            if (resource is null)
            {
                // One that is taken over is not ours to end.
                await _client.DisposeAsync().ConfigureAwait(false);
            }

            throw new CoordinationException(
                $"ZooKeeper at {_backend.Servers} could not {operation}{(resource is null ? "" : $" '{resource}'")}: its sessions live for {Duration} at most, and {duration} were asked for. Use a shorter lease duration, or raise maxSessionTimeout on the servers.",
                isTransient: false);
        }
    }

    /// <summary>The session has taken a claim over.</summary>
    /// <param name="resource">Its resource.</param>
    /// <param name="node">The name of its node.</param>
    /// <param name="czxid">Its token.</param>
    public void Adopt(string resource, string node, long czxid)
    {
        var name = ZooKeeperClaimName.Parse(node);
        var request = new ClaimRequest(new ClaimKey(resource, name.Id), name.Mode, name.Limit, "");
        _claims.Adopt(new ZooKeeperClaim(request, Keys.QueueOf(resource)) { Node = node, Czxid = czxid });
    }

    /// <summary>The path of a claim's node; one that is never there when the session does not have it any more.</summary>
    /// <param name="claim">The claim.</param>
    /// <returns>The path, within the chroot.</returns>
    public string PathOf(ClaimKey claim) => Keys.WithinChroot(
        _claims.Find(claim.Id) is { Node: { } node } known ? known.PathOf(node) : $"{Keys.QueueOf(claim.Resource)}/x-1-{claim.Id}-released");

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        try
        {
            if (request.Intent == ClaimIntent.FindExisting)
            {
                return _claims.Find(request.Key.Id) is { } known
                    ? await FindAsync(known, cancellationToken).ConfigureAwait(false) ?? ClaimResult.Refused
                    : ClaimResult.Refused;
            }

            if (_claims.FindOrBegin(request, Keys.QueueOf(request.Key.Resource), EnterAsync, out var isNew) is not { } claim)
            {
                return ClaimResult.Refused;
            }

            return isNew
                ? await WaitAsync(claim.Entering, cancellationToken).ConfigureAwait(false)
                : await EnterAgainAsync(claim, request.Intent, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException exception)
        {
            return ZooKeeperErrors.IsSessionLost(exception) ? ClaimResult.SessionLost : throw Translate(exception, "claim", request.Key.Resource);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_claims.Release(claim.Id) is not { } known)
        {
            return false;
        }

        _queues.Forget(known.Queue, claim.Id);
        try
        {
            await SettledAsync(known, cancellationToken).ConfigureAwait(false);
            var isReleased = known is { Node: { } node, WasEnteredAgain: false }
                ? await DeleteAsync(known.PathOf(node), cancellationToken).ConfigureAwait(false)
                : (known.WasEnteredAgain || !known.Entering.IsCompletedSuccessfully) && await DeleteAllAsync(known, cancellationToken).ConfigureAwait(false);
            _claims.Gone(claim.Id);
            return isReleased;
        }
        catch (ZooKeeperException exception)
        {
            // The session has ended, and the claim with it.
            return ZooKeeperErrors.IsSessionLost(exception) ? false : throw ZooKeeperErrors.Translate(exception, _backend.Servers, "release", claim.Resource);
        }
        catch (ObjectDisposedException exception)
        {
            // The engine has dropped the session meanwhile. That it was told is not certain.
            throw new CoordinationException(
                $"ZooKeeper at {_backend.Servers} could not release '{claim.Resource}': it did not answer before the session was given up. The claim ends with the session, within {Duration}.", isTransient: true, exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        try
        {
            if (_claims.Find(claim.Id) is not { } known ||
                (!known.IsGranted && (await FindAsync(known, cancellationToken).ConfigureAwait(false))?.Outcome != ClaimOutcome.Granted))
            {
                return false;
            }

            await _client.SetDataAsync(known.PathOf(known.Node!), new ZooKeeperValue("", value).Encode(), cancellationToken: cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ZooKeeperException exception)
        {
            return exception.ErrorCode == ZooKeeperErrorCode.NoNode || ZooKeeperErrors.IsSessionLost(exception)
                ? false
                : throw Translate(exception, "set the value of", claim.Resource);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        if (_detached is { } before && before.Claim == claim.Id)
        {
            return before.Ticket;
        }

        try
        {
            // Looking for it renews.
            if (_claims.Find(claim.Id) is not { } known ||
                await FindAsync(known, cancellationToken).ConfigureAwait(false) is not { Outcome: ClaimOutcome.Granted } found ||
                await _client.ExistsAsync(known.PathOf(known.Node!), cancellationToken: cancellationToken).ConfigureAwait(false) is not { } stat)
            {
                return null;
            }

            var ticket = new ZooKeeperTicket(_client.SessionId, _client.SessionPassword, Duration, known.Node!, found.Token.Value, stat.Version, claim.Resource).ToString();
            _detached = (claim.Id, ticket);

            // Whoever attaches takes the session's connection. Connecting anew, this one would take it back, and the two would shut each other out.
            _client.EndWithConnection();
            return ticket;
        }
        catch (ZooKeeperException exception)
        {
            return ZooKeeperErrors.IsSessionLost(exception) ? null : throw Translate(exception, "detach", claim.Resource);
        }
    }

    /// <inheritdoc/>
    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await _client.CloseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException exception)
        {
            throw Translate(exception, "end a session", null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _listener, null) is not null)
        {
            _client.StateChanged -= Changed;
            _queues.End();
            await _client.DetachAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The watch says that a claim's turn has come.</summary>
    public void Granted(string id, long czxid)
    {
        if (_claims.Find(id) is { } claim && _claims.Stands(claim, isGranted: true))
        {
            Volatile.Read(ref _listener)?.OnGranted(id, new FencingToken(czxid));
        }
    }

    /// <summary>The watch says that a claim is gone, and it was not released here.</summary>
    public void ClaimLost(string id)
    {
        _claims.Gone(id);
        Volatile.Read(ref _listener)?.OnClaimLost(id);
    }

    private void Changed(ZooKeeperState state)
    {
        switch (state)
        {
            case ZooKeeperState.Suspended:
                _queues.Disconnected(_client);
                break;
            case ZooKeeperState.Connected when _client.NegotiatedTimeout < Duration:
                // What was promised by the longer time cannot be taken back, and the server may give the claims away before.
                ZooKeeperLog.TimeoutCut(_logger, _backend.Servers, Duration, _client.NegotiatedTimeout);
                Volatile.Read(ref _listener)?.OnSessionLost();
                break;
            case ZooKeeperState.Lost:
                Volatile.Read(ref _listener)?.OnSessionLost();
                break;
            default:
                break;
        }
    }

    // What a connection that was closed here leaves unanswered is the end of the session, not a fault.
    private Exception Translate(ZooKeeperException exception, string operation, string? resource) => Volatile.Read(ref _listener) is null
        ? new ObjectDisposedException(typeof(ZooKeeperSession).FullName, exception)
        : ZooKeeperErrors.Translate(exception, _backend.Servers, operation, resource);

    private void ThrowIfOver(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _listener) is null, this);
    }
}
