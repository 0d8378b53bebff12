using Coordination.Backends;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <content>Renewals.</content>
internal sealed partial class ZooKeeperSession
{
    private const int BatchSize = 128;

    // Whether a majority was behind the last renewal that was confirmed. At first it is not known: a leader confirms alone that a session goes on.
    private bool _hadMajority;

    /// <inheritdoc/>
    /// <remarks>
    /// <para>
    /// A heartbeat that goes to the leader, as a ping does not, and behind it requests of up to 128 questions each: one for each granted claim, one for each resource that others wait for. All leave in one write.
    /// </para>
    /// <para>
    /// Every other heartbeat is a check in a multi: it changes nothing, but a majority agrees to it as to a write. Those between are syncs, which a leader confirms by itself; one that stood still while another was
    /// elected confirms several of them. A leader elected after a majority agreed gives all sessions their whole time anew, so what was sent before that is safe from a new leader, and the
    /// heartbeat behind it proves it for the old one (<see cref="RenewalEvidence.PreviousRequest"/>).
    /// </para>
    /// </remarks>
    public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        ThrowIfOver(cancellationToken);
        _claims.DropOld(Duration);
        _queues.Sweep();
        try
        {
            var hasMajority = !_hadMajority;
            var heartbeat = hasMajority ? _client.AgreeAsync(Keys.Root, cancellationToken) : _client.SyncAsync(Keys.Root, cancellationToken);
            var exceptions = await CheckAsync(claims, heartbeat, cancellationToken).ConfigureAwait(false);
            _hadMajority = hasMajority;
            return RenewalResult.Renewed(Duration, exceptions);
        }
        catch (ZooKeeperException exception)
        {
            return ZooKeeperErrors.IsSessionLost(exception)
                ? RenewalResult.SessionLost
                : throw Translate(exception, "renew", claims.Count == 1 ? claims[0].Resource : null);
        }
    }

    private async Task<List<ClaimRenewal>> CheckAsync(IReadOnlyList<ClaimKey> claims, Task heartbeat, CancellationToken cancellationToken)
    {
        var exceptions = new List<ClaimRenewal>();
        var questions = new List<(ZooKeeperRead Question, List<(int Index, string? Node)> Claims, bool IsQueue)>();
        var queues = new Dictionary<string, List<(int Index, string? Node)>>(StringComparer.Ordinal);
        for (var i = 0; i < claims.Count; i++)
        {
            if (_claims.Find(claims[i].Id) is not { } claim)
            {
                exceptions.Add(new ClaimRenewal(i, ClaimRenewalOutcome.Lost));
            }
            else if (claim is { IsGranted: true, Node: { } node })
            {
                questions.Add((ZooKeeperRead.Children(claim.PathOf(node)), [(i, node)], false));
            }
            else if (queues.TryGetValue(claim.Queue, out var waiting))
            {
                waiting.Add((i, claim.Node));
            }
            else
            {
                queues.Add(claim.Queue, waiting = [(i, claim.Node)]);
                questions.Add((ZooKeeperRead.Children(claim.Queue), waiting, true));
            }
        }

        var batches = questions.Chunk(BatchSize).Select(batch => (Questions: batch, Answers: _client.MultiReadAsync([.. batch.Select(static question => question.Question)], cancellationToken))).ToArray();
        try
        {
            await Task.WhenAll(batches.Select(static batch => (Task)batch.Answers).Append(heartbeat)).ConfigureAwait(false);
        }
        catch (Exception) when (heartbeat.IsFaulted || heartbeat.IsCanceled)
        {
            // Of several faults the heartbeat's counts.
            await heartbeat.ConfigureAwait(false);
        }

        foreach (var (asked, answers) in batches)
        {
            var results = await answers.ConfigureAwait(false);
            for (var i = 0; i < asked.Length; i++)
            {
                Take(claims, asked[i].Claims, asked[i].IsQueue, asked[i].Question.Path, results[i], exceptions);
            }
        }

        return exceptions;
    }

    private void Take(IReadOnlyList<ClaimKey> claims, List<(int Index, string? Node)> asked, bool isQueue, string path, ZooKeeperReadResult answer, List<ClaimRenewal> exceptions)
    {
        if (answer.Code is not (ZooKeeperErrorCode.Ok or ZooKeeperErrorCode.NoNode))
        {
            // One resource that may not be read any more must not cost the others their renewal.
            ZooKeeperLog.NotRenewed(_logger, path, answer.Code);
            exceptions.AddRange(asked.Select(static claim => new ClaimRenewal(claim.Index, ClaimRenewalOutcome.Unconfirmed)));
            return;
        }

        var queue = isQueue ? ZooKeeperListing.Read(answer.Names) : [];
        foreach (var (index, known) in asked)
        {
            if (_claims.Find(claims[index].Id) is not { } claim)
            {
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Lost));
                continue;
            }

            if (isQueue)
            {
                DropCopies(claim, queue);
            }

            var outcome = !isQueue ? (answer.Code == ZooKeeperErrorCode.Ok ? ClaimOutcome.Granted : ClaimOutcome.Refused)
                : claim.Node is { } node ? OutcomeOf(queue, node)
                : ClaimOutcome.Waiting; // Its claim is under way.
            if (outcome == ClaimOutcome.Refused && isQueue && known is null)
            {
                // It was entered after the question had left: that the answer does not show it says nothing.
                outcome = ClaimOutcome.Waiting;
            }

            if (outcome == ClaimOutcome.Refused)
            {
                _claims.Gone(claim.Key.Id);
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Lost));
            }
            else if (outcome == ClaimOutcome.Granted && (isQueue || claim.HasWaited))
            {
                _claims.Stands(claim, isGranted: true);
                exceptions.Add(new ClaimRenewal(index, ClaimRenewalOutcome.Granted, new FencingToken(claim.Czxid)));
            }
        }
    }
}
