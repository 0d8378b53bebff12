using Coordination.Backends;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <content>Entering, finding and removing claims.</content>
internal sealed partial class ZooKeeperSession
{
    /// <summary>How often a claim is entered again because its resource's node was not there. It takes a server that removes it, empty, at that very moment.</summary>
    private const int MaxRounds = 16;

    /// <summary>
    /// Enters a claim at the tail. Node and listing are asked for in one write; where this connection has a copy of the queue already, the node alone. A resource that has no node gets one first, in the same
    /// write as the next attempt. Ends when the servers have answered, whoever has stopped waiting.
    /// </summary>
    private async Task<ClaimResult> EnterAsync(ZooKeeperClaim claim)
    {
        var request = claim.Request;
        var prefix = claim.PathOf(ZooKeeperClaimName.Prefix(request.Mode, request.Limit, request.Key.Id));
        var data = new ZooKeeperValue("", request.Value).Encode();
        for (var round = 0; ; round++)
        {
            var container = round == 0 ? null : _client.CreateAsync(claim.Queue, default, ZooKeeperCreateMode.Container, _backend.Acl);
            var copy = _queues.Complete(claim.Queue);
            var creating = _client.CreateAsync(prefix, data, ZooKeeperCreateMode.EphemeralSequential, _backend.Acl);
            var listing = copy is null ? _client.GetChildrenAsync(claim.Queue) : null;
            try
            {
                var (path, stat) = await creating.ConfigureAwait(false);
                _claims.Entered(claim, path[(claim.Queue.Length + 1)..], stat.Czxid);
            }
            catch (ZooKeeperException exception)
            {
                Observe(listing);
                if (exception.ErrorCode != ZooKeeperErrorCode.NoNode || round == MaxRounds)
                {
                    Observe(container);
                    throw;
                }

                if (container is not null)
                {
                    await MadeAsync(container).ConfigureAwait(false);
                }

                continue;
            }

            Observe(container);
            return await EnteredAsync(claim, copy, listing).ConfigureAwait(false);
        }
    }

    private async Task<ClaimResult> EnteredAsync(ZooKeeperClaim claim, ZooKeeperQueue? copy, Task<(IReadOnlyList<string> Names, ZooKeeperStat Stat)>? listing)
    {
        var name = ZooKeeperClaimName.Parse(claim.Node!);
        var isTry = claim.Request.Intent == ClaimIntent.TryOnce;
        var outcome = copy?.Enter(Waiter(claim, name), mayWait: !isTry);
        if (outcome is null)
        {
            listing ??= _client.GetChildrenAsync(claim.Queue);
            try
            {
                var (names, _) = await listing.ConfigureAwait(false);
                outcome = OutcomeOf(ZooKeeperListing.Read(names), claim.Node!);
            }
            catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
            {
                // Its node was deleted by hand, and the resource's, empty then, removed before it was listed.
                outcome = ClaimOutcome.Refused;
            }
        }

        return outcome == ClaimOutcome.Refused ? Gone(claim)
            : isTry && outcome == ClaimOutcome.Waiting ? await WithdrawAsync(claim, CancellationToken.None).ConfigureAwait(false)
            : Stands(claim, outcome == ClaimOutcome.Granted, name);
    }

    /// <summary>A claim that was sent before: how it stands, if the server has it; otherwise it is entered anew.</summary>
    private async ValueTask<ClaimResult> EnterAgainAsync(ZooKeeperClaim claim, ClaimIntent intent, CancellationToken cancellationToken)
    {
        var entering = claim.Entering;
        if (!entering.IsCompleted)
        {
            // A copy of a request that is under way has the same answer.
            return await WaitAsync(entering, cancellationToken).ConfigureAwait(false);
        }

        if (await FindAsync(claim, cancellationToken).ConfigureAwait(false) is { } found)
        {
            return found.Outcome == ClaimOutcome.Waiting && intent == ClaimIntent.TryOnce ? await WithdrawAsync(claim, cancellationToken).ConfigureAwait(false) : found;
        }

        return _claims.TryBeginAgain(claim, entering, EnterAsync)
            ? await WaitAsync(claim.Entering, cancellationToken).ConfigureAwait(false)
            : ClaimResult.Refused;
    }

    /// <summary>Asks how a claim stands, so that all is seen that was done before, over whatever connection.</summary>
    /// <returns><see langword="null"/> when the servers do not have it and never told that they had.</returns>
    private async ValueTask<ClaimResult?> FindAsync(ZooKeeperClaim claim, CancellationToken cancellationToken)
    {
        await SettledAsync(claim, cancellationToken).ConfigureAwait(false);
        var queue = await ListAsync(claim.Queue, cancellationToken).ConfigureAwait(false);
        var node = claim.Node;
        if (node is null && ZooKeeperListing.Find(queue, claim.Key.Id) is { } listed)
        {
            var path = claim.PathOf(listed.Node);
            if (await _client.ExistsAsync(path, cancellationToken: cancellationToken).ConfigureAwait(false) is { } stat)
            {
                if (stat.EphemeralOwner != _client.SessionId)
                {
                    // An earlier session's, which would take the claim with it when it ends (CURATOR-498).
                    await DeleteAsync(path, cancellationToken).ConfigureAwait(false);
                    return null;
                }

                node = listed.Node;
                _claims.Entered(claim, node, stat.Czxid);
            }
        }

        if (node is null)
        {
            return null;
        }

        var outcome = OutcomeOf(queue, node);
        return outcome == ClaimOutcome.Refused ? Gone(claim) : Stands(claim, outcome == ClaimOutcome.Granted, ZooKeeperClaimName.Parse(node));
    }

    private static ClaimOutcome OutcomeOf(List<ZooKeeperListed> queue, string node)
    {
        foreach (var listed in queue)
        {
            if (listed.Node == node)
            {
                return listed.IsGranted ? ClaimOutcome.Granted : ClaimOutcome.Waiting;
            }
        }

        return ClaimOutcome.Refused;
    }

    // The server had it, and has not any more.
    private ClaimResult Gone(ZooKeeperClaim claim)
    {
        _claims.Gone(claim.Key.Id);
        return ClaimResult.Refused;
    }

    private ClaimResult Stands(ZooKeeperClaim claim, bool isGranted, ZooKeeperClaimName name)
    {
        if (!_claims.Stands(claim, isGranted))
        {
            return ClaimResult.Refused;
        }

        if (isGranted)
        {
            return ClaimResult.Granted(new FencingToken(claim.Czxid));
        }

        if (Volatile.Read(ref _listener) is not null)
        {
            _queues.Wait(claim.Key.Resource, claim.Queue, Waiter(claim, name));
        }

        return ClaimResult.Waiting();
    }

    private ZooKeeperWaiter Waiter(ZooKeeperClaim claim, ZooKeeperClaimName name) => new(this, claim.Key.Id, claim.Node!, name.Sequence, claim.Czxid);

    /// <summary>A claim that was to be granted at once or not at all.</summary>
    private async Task<ClaimResult> WithdrawAsync(ZooKeeperClaim claim, CancellationToken cancellationToken)
    {
        await DeleteAsync(claim.PathOf(claim.Node!), cancellationToken).ConfigureAwait(false);
        return Gone(claim);
    }

    // A claim that is overlooked would be left behind: what is missing is a majority's word.
    private async ValueTask<List<ZooKeeperListed>> ListAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            return ZooKeeperListing.Read(await _client.ListAgreedAsync(queue, cancellationToken).ConfigureAwait(false));
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            return [];
        }
    }

    private async ValueTask<bool> DeleteAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await _client.DeleteAsync(path, cancellationToken: cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            return false;
        }
    }

    // Of a claim that may be there or not, since no answer came.
    private async ValueTask<bool> DeleteAllAsync(ZooKeeperClaim claim, CancellationToken cancellationToken)
    {
        var isDeleted = false;
        foreach (var listed in await ListAsync(claim.Queue, cancellationToken).ConfigureAwait(false))
        {
            if (listed.Claim.Id == claim.Key.Id)
            {
                isDeleted |= await DeleteAsync(claim.PathOf(listed.Node), cancellationToken).ConfigureAwait(false);
            }
        }

        return isDeleted;
    }

    // What an attempt made after all that had been given up, as a server may do that was about to take it when the session went on over another connection. It would stand in the way of the claim itself.
    private void DropCopies(ZooKeeperClaim claim, List<ZooKeeperListed> queue)
    {
        if (claim is { WasEnteredAgain: true, Node: { } node })
        {
            foreach (var listed in queue)
            {
                if (listed.Claim.Id == claim.Key.Id && listed.Node != node)
                {
                    Observe(_client.DeleteAsync(claim.PathOf(listed.Node)));
                }
            }
        }
    }

    // The servers have answered the request that enters it, or will not any more.
    private static async ValueTask SettledAsync(ZooKeeperClaim claim, CancellationToken cancellationToken)
    {
        if (claim.Entering is { IsCompleted: false } entering)
        {
            await ((Task)entering).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static async ValueTask<ClaimResult> WaitAsync(Task<ClaimResult> entering, CancellationToken cancellationToken)
    {
        try
        {
            return await entering.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Observe(entering);
            throw;
        }
    }

    // Somebody else made it, or the nodes above it are not there.
    private async Task MadeAsync(Task container)
    {
        try
        {
            await container.ConfigureAwait(false);
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NodeExists)
        {
            // It is there, or was just now.
        }
        catch (ZooKeeperException exception) when (exception.ErrorCode == ZooKeeperErrorCode.NoNode)
        {
            await _backend.MakeRootsAsync(_client).ConfigureAwait(false);
        }
    }

    private static void Observe(Task? task) =>
        task?.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
