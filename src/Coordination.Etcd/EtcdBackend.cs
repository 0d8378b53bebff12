using System.Collections.Concurrent;
using Coordination.Backends;
using Etcdserverpb;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordination.Etcd;

/// <summary>Queues of claims in an etcd cluster, 3.4 or later.</summary>
/// <remarks>
/// A session is an etcd lease, a claim is a key under it, and its token is the revision at which the key was made. One transaction enters a claim and says whether it is granted; a watch that
/// all waiters of a process share says when its turn has come. What it promises rests on etcd's consensus, and on no clock.
/// </remarks>
public sealed class EtcdBackend : ICoordinationBackend
{
    private static readonly BackendDescription EtcdDescription = new("etcd") { Evidence = RenewalEvidence.PreviousRequest };

    /// <summary>How soon to look whether there is space again.</summary>
    private static readonly TimeSpan SettleAgain = TimeSpan.FromSeconds(2);

    // Sessions with claims that nobody has any more, while requests of them may be under way.
    private readonly ConcurrentDictionary<EtcdSession, bool> _owing = new();
    private int _sessions;
    private bool _disposed;

    private EtcdBackend(EtcdBackendOptions options, ILoggerFactory? loggerFactory)
    {
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Coordination.Etcd");
        Connection = new EtcdConnection(options, logger);
        Keys = new EtcdKeys(options.KeyPrefix);
        Watches = new EtcdWatches(Connection, Keys, logger);
    }

    /// <inheritdoc/>
    public BackendDescription Description => EtcdDescription;

    internal EtcdConnection Connection { get; }

    internal EtcdKeys Keys { get; }

    internal EtcdWatches Watches { get; }

    internal UnansweredAttachments<long[]> Attachments { get; } = new(TimeProvider.System);

    /// <summary>Makes connections of its own, at the first call, with the defaults of all other options.</summary>
    /// <param name="endpoints">Where the members of the cluster are: <c>http://etcd1:2379,http://etcd2:2379</c>.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">The endpoints are empty or cannot be read.</exception>
    public static EtcdBackend Create(string endpoints) => Create(new EtcdBackendOptions { Endpoints = endpoints });

    /// <summary>Makes connections of its own, at the first call, and disposes them. A cluster that is not there is told of by each call, not here.</summary>
    /// <param name="options">Endpoints, prefix, user, certificates and call timeout; <see langword="null"/> for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to log to; <see langword="null"/> for nowhere.</param>
    /// <returns>The backend.</returns>
    /// <exception cref="ArgumentException">An option is out of its range, or a certificate's file cannot be read.</exception>
    public static EtcdBackend Create(EtcdBackendOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        options ??= new EtcdBackendOptions();
        EtcdBackendOptionsValidator.ThrowIfInvalid(options);
        return new EtcdBackend(options, loggerFactory);
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
            return await AttachAsync(request.Ticket, request.Duration, listener, cancellationToken).ConfigureAwait(false);
        }

        var (lease, granted) = await GrantAsync(request.Duration, "open a session", null, cancellationToken).ConfigureAwait(false);
        return new EtcdSession(this, lease, granted, listener);
    }

    /// <inheritdoc/>
    public async ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var range = Keys.QueueOf(resource);
        var response = await Connection.ReadAsync(
            new RangeRequest { Key = range.Start, RangeEnd = range.End }, "inspect", resource, cancellationToken).ConfigureAwait(false);
        List<ClaimStatus> holders = [];
        List<ClaimStatus> waiters = [];
        var rule = new GrantRule();
        var isGranted = true;
        foreach (var kv in response.Kvs.OrderBy(static kv => kv.CreateRevision))
        {
            var value = EtcdValue.Decode(kv.Value, withValue: true);
            isGranted = isGranted && rule.TryGrant(value.Mode, value.Limit);
            if (!isGranted && holdersOnly)
            {
                break;
            }

            FencingToken? token = isGranted ? new FencingToken(kv.CreateRevision) : null;
            (isGranted ? holders : waiters).Add(new ClaimStatus(value.Id, value.Mode, value.Value, token));
        }

        return new ResourceSnapshot(holders, waiters);
    }

    /// <inheritdoc/>
    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Watches.ObserveAsync(resource, changed, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan? again = null;
        foreach (var session in _owing.Keys)
        {
            // Taken out before it is looked at: what it owes anew meanwhile counts.
            _owing.TryRemove(session, out _);
            var isSettled = false;
            try
            {
                isSettled = await session.SettleAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (!isSettled)
                {
                    _owing.TryAdd(session, true);
                    again = SettleAgain;
                }
            }
        }

        return again;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await Watches.DisposeAsync().ConfigureAwait(false);
        await Connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A session was opened.</summary>
    internal void Opened() => Interlocked.Increment(ref _sessions);

    /// <summary>A session is closed.</summary>
    internal void Closed(EtcdSession session)
    {
        _owing.TryRemove(session, out _);
        Interlocked.Decrement(ref _sessions);
        SweepWatches();
    }

    /// <summary>Ends the watches that are not needed. Without sessions nobody renews, and one that lingers would never be looked at again.</summary>
    internal void SweepWatches() => Watches.Sweep(linger: Volatile.Read(ref _sessions) > 0);

    /// <summary>A session has to see to it that nothing enters claims that nobody has any more.</summary>
    internal void Owes(EtcdSession session)
    {
        _owing.TryAdd(session, true);
        session.AskForMaintenance();
    }

    private async ValueTask<(long Lease, TimeSpan Granted)> GrantAsync(
        TimeSpan duration, string operation, string? resource, CancellationToken cancellationToken)
    {
        var seconds = (duration.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
        var response = await Connection.GrantAsync(new LeaseGrantRequest { TTL = seconds }, operation, resource, cancellationToken).ConfigureAwait(false);
        if (response.Error.Length > 0 || response.TTL < seconds)
        {
            throw new CoordinationException(
                $"etcd could not {operation}: it granted {response.TTL} s of the {seconds} s asked for. {response.Error} Use a shorter lease duration.", isTransient: false);
        }

        return (response.ID, TimeSpan.FromSeconds(response.TTL));
    }

    /// <summary>
    /// The claim goes from the lease that the ticket names to a new one of ours, in a transaction that compares its lease: of many that try one succeeds, and nothing that the session's former owner still
    /// has under way concerns it any more.
    /// </summary>
    private async ValueTask<IBackendSession> AttachAsync(string text, TimeSpan duration, ISessionListener listener, CancellationToken cancellationToken)
    {
        const string operation = "attach";
        var ticket = EtcdTicket.Parse(text);
        var resource = ticket.Claim.Resource;
        var keys = Keys.Of(resource, ticket.Name);
        var (lease, granted) = await GrantAsync(duration, operation, resource, cancellationToken).ConfigureAwait(false);
        var from = ticket.Lease;
        while (true)
        {
            TxnResponse response;
            try
            {
                response = await Connection.TransactAsync(EtcdRequests.Move(keys.Claim, ticket.CreateRevision, from, lease), operation, resource, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!EtcdErrors.IsLeaseNotFound(exception))
            {
                // The leases that may have the claim: each attempt brings one.
                Attachments.Keep(text, known => [.. known ?? [], lease], granted);
                throw;
            }
            catch (CoordinationException exception)
            {
                throw new CoordinationException($"etcd took longer to attach '{resource}' than a lease of {granted} lives. Try again.", isTransient: true, exception);
            }

            if (response.Succeeded)
            {
                Attachments.Take(text);
                var session = new EtcdSession(this, lease, granted, listener);
                session.Adopt(ticket.Claim, keys);
                return session;
            }

            // An attempt of ours whose reply was lost may have succeeded: then the claim is taken from there.
            if (response.Responses[0].ResponseRange.Kvs is [var kv] && kv.CreateRevision == ticket.CreateRevision && kv.Lease != from && Attachments.Find(text)?.Contains(kv.Lease) == true)
            {
                from = kv.Lease;
                continue;
            }

            Attachments.Take(text);
            throw new LeaseLostException($"The lease of '{resource}' on etcd had ended, or was taken over by another, before it was attached.");
        }
    }
}
