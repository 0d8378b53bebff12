using Coordination.Backends;
using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper;

/// <summary>
/// The connection for what belongs to no session of the engine's: inspections, observers, and the first step of an attachment. Over a session's own connection they would keep it alive. It is made when it is first needed,
/// keeps itself alive, and opens a new session when it has lost one: nothing depends on that. After servers have refused its credentials it is made anew at the next use.
/// </summary>
/// <param name="backend">Its backend.</param>
/// <param name="logger">The log.</param>
internal sealed class ZooKeeperReader(ZooKeeperBackend backend, ILogger logger) : IAsyncDisposable
{
    // Values have up to 32 KiB, and a reply is best kept under a megabyte.
    private const int BatchSize = 16;

    /// <summary>How often a queue is listed again because a holder left between the listing and the reading of its value.</summary>
    private const int MaxRounds = 16;

    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private ZooKeeperClient? _client;
    private ZooKeeperQueues? _queues;
    private bool _disposed;

    /// <summary>Who holds and who waits. A sync and a listing in one write, then the values: one request for each 16.</summary>
    public async ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken)
    {
        var (client, _) = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        var path = backend.Keys.QueueOf(resource);
        for (var round = 1; ; round++)
        {
            var queue = await ListAsync(client, path, cancellationToken).ConfigureAwait(false);
            if (holdersOnly)
            {
                queue.RemoveAll(static listed => !listed.IsGranted);
            }

            var batches = queue.Chunk(BatchSize)
                .Select(batch => client.MultiReadAsync([.. batch.Select(listed => ZooKeeperRead.Data($"{path}/{listed.Node}"))], cancellationToken)).ToArray();
            var results = (await Task.WhenAll(batches).ConfigureAwait(false)).SelectMany(static batch => batch).ToArray();
            if (Assemble(path, queue, results, out var isSettled) is var snapshot && (isSettled || round == MaxRounds))
            {
                return snapshot;
            }
        }
    }

    /// <summary>Watches the holders of a resource.</summary>
    public async ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken)
    {
        var (_, queues) = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        queues.Sweep();
        return await queues.ObserveAsync(resource, backend.Keys.QueueOf(resource), changed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a detached claim for its own, if nobody has.</summary>
    /// <param name="ticket">The ticket.</param>
    /// <param name="taker">Who: a word that is written into the claim's node, so that a second attempt knows of the first.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns><see langword="false"/> when the claim has ended or is another's.</returns>
    public async ValueTask<bool> TakeAsync(ZooKeeperTicket ticket, string taker, CancellationToken cancellationToken)
    {
        var (client, _) = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        var path = $"{backend.Keys.QueueOf(ticket.Resource)}/{ticket.Node}";
        try
        {
            var (data, stat) = await client.GetAgreedDataAsync(path, cancellationToken).ConfigureAwait(false);
            var value = ZooKeeperValue.Decode(data);
            if (stat.Czxid != ticket.Token || stat.EphemeralOwner != ticket.SessionId)
            {
                return false;
            }

            if (stat.Version == ticket.Version)
            {
                await client.SetDataAsync(path, (value with { Taker = taker }).Encode(), ticket.Version, cancellationToken).ConfigureAwait(false);
                return true;
            }

            return value.Taker == taker;
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode is ZooKeeperErrorCode.NoNode or ZooKeeperErrorCode.BadVersion)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ZooKeeperClient? client;
        lock (_gate)
        {
            _disposed = true;
            client = _client;
            _queues?.End();
        }

        if (client is not null)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static ResourceSnapshot Assemble(string path, List<ZooKeeperListed> queue, ZooKeeperReadResult[] results, out bool isSettled)
    {
        List<ClaimStatus> holders = [];
        List<ClaimStatus> waiters = [];
        isSettled = true;
        for (var i = 0; i < queue.Count; i++)
        {
            var (node, claim, isGranted) = queue[i];
            var result = results[i];
            if (result.Code == ZooKeeperErrorCode.NoNode)
            {
                // A waiter that left is left out. A holder that left has made room for others.
                isSettled &= !isGranted;
                continue;
            }

            if (result.Code != ZooKeeperErrorCode.Ok)
            {
                throw ZooKeeperException.Refused(result.Code, ZooKeeperOpCode.GetData, $"{path}/{node}");
            }

            var value = ZooKeeperValue.Decode(result.Data).Value;
            (isGranted ? holders : waiters).Add(new ClaimStatus(claim.Id, claim.Mode, value, isGranted ? new FencingToken(result.Stat.Czxid) : null));
        }

        return new ResourceSnapshot(holders, waiters);
    }

    private static async ValueTask<List<ZooKeeperListed>> ListAsync(ZooKeeperClient client, string path, CancellationToken cancellationToken)
    {
        var sync = client.SyncAsync(path, cancellationToken);
        var listing = client.GetChildrenAsync(path, cancellationToken: cancellationToken);
        try
        {
            await Task.WhenAll(sync, listing).ConfigureAwait(false);
            var (names, _) = await listing.ConfigureAwait(false);
            return ZooKeeperListing.Read(names);
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            return [];
        }
    }

    private async ValueTask<(ZooKeeperClient Client, ZooKeeperQueues Queues)> ConnectAsync(CancellationToken cancellationToken)
    {
        ZooKeeperClient client;
        ZooKeeperClient? ended = null;
        ZooKeeperQueues queues;
        Task connecting;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(ZooKeeperBackend));
            if (_client is { State: ZooKeeperState.Lost, LastError: ZooKeeperException { ErrorCode: ZooKeeperErrorCode.AuthFailed } })
            {
                // A client whose credentials were refused does not try again by itself. The servers may know them by now.
                (ended, _client) = (_client, null);
            }

            client = _client ??= Make();
            queues = _queues!;
            connecting = client.ConnectAsync(cancellationToken);
            if (ended is not null)
            {
                queues.GoOn(client);
            }
        }

        if (ended is not null)
        {
            await ended.DetachAsync().ConfigureAwait(false);
        }

        await connecting.ConfigureAwait(false);
        return (client, queues);
    }

    private ZooKeeperClient Make()
    {
        var client = backend.NewClient(SessionTimeout, keepAlive: true);
        var queues = _queues ??= new ZooKeeperQueues(client, logger);
        client.StateChanged += state =>
        {
            if (state is ZooKeeperState.Suspended or ZooKeeperState.Lost)
            {
                queues.Disconnected(client);
            }
        };
        return client;
    }
}
