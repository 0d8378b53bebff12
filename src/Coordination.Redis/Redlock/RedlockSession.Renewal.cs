using Coordination.Backends;

namespace Coordination.Redis;

/// <content>Renewals: one round for a batch of claims, and a majority in that one round for each of them (rule 13).</content>
internal sealed partial class RedlockSession
{
    /// <inheritdoc/>
    public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (claims.Count == 0)
        {
            return RenewalResult.Renewed(Duration);
        }

        await _backend.IntroduceAsync("renew", claims[0].Resource, cancellationToken).ConfigureAwait(false);

        // The place of a claim that is being tried is not renewed beside the attempt: a lease would then be believed for longer than the masters
        // that granted it keep it. The attempt itself renews the place.
        // All are awaited together: one master that is silent makes each of them last as long as the others.
        List<Task>? turns = null;
        foreach (var key in claims)
        {
            if (_claims.TryGetValue(key.Id, out var claim) && claim is { IsTrying: true, IsHeld: false })
            {
                (turns ??= []).Add(TurnAsync(claim, cancellationToken));
            }
        }

        if (turns is not null)
        {
            await Task.WhenAll(turns).ConfigureAwait(false);
        }

        var exceptions = new List<ClaimRenewal>();
        var batches = new List<(Task<RedlockRound> Round, int Start, int Count, int[] Attempts)>();
        for (var start = 0; start < claims.Count; start += BatchSize)
        {
            var count = Math.Min(BatchSize, claims.Count - start);
            batches.Add((RenewAsync(claims, start, count, out var attempts, cancellationToken), start, count, attempts));
        }

        Exception? fault = null;
        var unconfirmed = 0;
        foreach (var (task, start, count, attempts) in batches)
        {
            var round = await task.ConfigureAwait(false);
            for (var i = 0; i < count; i++)
            {
                if (!Read(claims[start + i], attempts[i], round, i, start + i, exceptions))
                {
                    fault ??= _backend.TooFew(round, "renew", Name(claims, start, count));
                    unconfirmed++;
                }
            }

            round.Follow((round, master) => Mend(claims, start, attempts, round, master));
        }

        if (fault is not null)
        {
            if (unconfirmed == claims.Count)
            {
                throw fault;
            }

            RedlockLog.RenewalUnconfirmed(_backend.Logger, unconfirmed, claims.Count, fault);
        }

        return RenewalResult.Renewed(Duration, exceptions);
    }

    private static Votes Renewed(RedlockRound round, int index)
    {
        var votes = default(Votes);
        for (var master = 0; master < round.Count; master++)
        {
            if (round.Reply(master) is { } reply)
            {
                switch ((int)reply[index])
                {
                    case 0:
                        votes = votes with { No = votes.No + 1 };
                        break;
                    case 1:
                        votes = votes with { Yes = votes.Yes + 1 };
                        break;
                    default:
                        votes = votes with { Yes = votes.Yes + 1, Free = votes.Free + 1 };
                        break;
                }
            }
        }

        return votes;
    }

    private async Task<RedlockRound> WaitAsync(RedlockRound round)
    {
        await round.WaitAsync().ConfigureAwait(false);
        if (round.CountOf(RedlockRound.State.Out) > 0)
        {
            _listener.OnMaintenanceDue();
        }

        return round;
    }

    private Task<RedlockRound> RenewAsync(IReadOnlyList<ClaimKey> claims, int start, int count, out int[] attempts, CancellationToken cancellationToken)
    {
        var arguments = Renewal(claims, start, count, out attempts);
        return WaitAsync(RedlockRound.Start(
            _backend,
            RedlockScripts.Renew,
            arguments,
            "renew",
            Name(claims, start, count),
            round => IsDecided(round, count),
            cancellationToken));
    }

    private static bool IsDecided(RedlockRound round, int count)
    {
        if (round.CountOf(RedlockRound.State.Reply) < round.Quorum)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!Renewed(round, i).IsDecided(round))
            {
                return false;
            }
        }

        return true;
    }

    private RedisArguments Renewal(IReadOnlyList<ClaimKey> claims, int start, int count, out int[] attempts)
    {
        attempts = new int[count];
        var arguments = new RedisArguments(1 + (count * RedlockKeys.PerResource), 3 + (count * 2));
        _backend.Begin(arguments);
        arguments.Values[2] = _milliseconds;
        for (var i = 0; i < count; i++)
        {
            var (resource, id) = claims[start + i];
            _backend.Keys.Write(resource, arguments.Keys.AsSpan(1 + (i * RedlockKeys.PerResource)));
            if (_claims.TryGetValue(id, out var claim) && claim.IsHeld)
            {
                attempts[i] = claim.Attempt;
            }

            arguments.Values[3 + (i * 2)] = id;
            arguments.Values[4 + (i * 2)] = attempts[i];
        }

        return arguments;
    }

    /// <returns><see langword="false"/> when neither is known.</returns>
    private bool Read(ClaimKey key, int attempt, RedlockRound round, int index, int place, List<ClaimRenewal> exceptions)
    {
        _claims.TryGetValue(key.Id, out var claim);
        var (yes, no, free) = Renewed(round, index);
        if (claim is not null && attempt == 0 && (claim.IsHeld || claim.IsTrying))
        {
            // An attempt was begun after the renewal was sent, and knows better how it stands.
            if (claim.IsHeld)
            {
                exceptions.Add(new ClaimRenewal(place, ClaimRenewalOutcome.Granted, new FencingToken(claim.Token)));
            }

            return true;
        }

        if (yes >= Quorum)
        {
            if (attempt > 0)
            {
                // One that waited: its engine may not know.
                if (claim is { Ticket: > 0 })
                {
                    exceptions.Add(new ClaimRenewal(place, ClaimRenewalOutcome.Granted, new FencingToken(claim.Token)));
                }
            }
            else if (free >= Quorum)
            {
                Wake(key.Id);
            }

            return true;
        }

        if (no >= Veto)
        {
            exceptions.Add(new ClaimRenewal(place, ClaimRenewalOutcome.Lost));
            if (claim is not null)
            {
                claim.IsReleased = true;
                claim.IsHeld = false;
                _claims.TryRemove(KeyValuePair.Create(key.Id, claim));
            }

            return true;
        }

        exceptions.Add(new ClaimRenewal(place, ClaimRenewalOutcome.Unconfirmed));
        return false;
    }

    private void Mend(IReadOnlyList<ClaimKey> claims, int start, int[] attempts, RedlockRound round, int master)
    {
        if (round.Reply(master) is not { } reply)
        {
            return;
        }

        for (var i = 0; i < attempts.Length; i++)
        {
            if ((int)reply[i] == 0 && Renewed(round, i).Yes >= Quorum && _claims.TryGetValue(claims[start + i].Id, out var claim))
            {
                Mend(attempts[i], claim, master);
            }
        }
    }

    private async Task TurnAsync(RedlockClaim claim, CancellationToken cancellationToken)
    {
        await claim.EnterAsync(cancellationToken).ConfigureAwait(false);
        Leave(claim);
    }

    // A lease that a majority confirmed in this very round enters the masters that have lost it or never had it (rule 14), a waiting claim its place.
    private void Mend(int attempt, RedlockClaim claim, int master)
    {
        int last;
        lock (claim)
        {
            if (claim.IsReleased || claim.IsTrying || claim.IsHeld != (attempt > 0))
            {
                return;
            }

            last = claim.Attempt; // Not the one that may begin now: it would be taken back.
        }

        if (attempt > 0)
        {
            Join(new Attempt(this, claim, attempt, claim.Token, claim.What), master);
        }
        else if (claim.Ticket > 0)
        {
            Place(claim, last, master);
        }
    }

    private readonly record struct Votes(int Yes, int No, int Free)
    {
        public bool IsDecided(RedlockRound round) => Yes >= round.Quorum || No > round.Count - round.Quorum;
    }
}
