using System.Runtime.CompilerServices;
using Coordination.Backends;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <content>Attempts to take a resource.</content>
internal sealed partial class RedlockSession
{
    // Rounds of one call: a token that was too low, a slot that was taken meanwhile, a race that this one is about to win.
    private const int MaxRounds = 5;

    private const int ReservationLeast = 5;

    // As in queue.lua.
    private enum Reason
    {
        None,
        Granted,
        Held,
        Reserved,
        Intent,
        Stale,
        Kind,
        Used,
        Absent,
    }

    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMilliseconds(100);

    // How long a master keeps what it freed for one of ours that it woke: what an attempt takes, and some (rule 15).
    private TimeSpan _attemptTook = TimeSpan.FromMilliseconds(ReservationLeast / 2.0);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (resource, id) = request.Key;
        await _backend.IntroduceAsync("claim", resource, cancellationToken).ConfigureAwait(false);

        // What may wait must be able to hear of its turn. Only the first claim of a backend pays for it.
        if (request.Intent == ClaimIntent.Queue && !_backend.Hints.IsSubscribed)
        {
            await _backend.Hints.SubscribeAsync("claim", resource, cancellationToken).ConfigureAwait(false);
        }

        if (!_claims.TryGetValue(id, out var claim))
        {
            if (request.Intent == ClaimIntent.FindExisting)
            {
                return ClaimResult.Refused;
            }

            claim = _claims.GetOrAdd(id, _ => New(request));
        }

        await claim.EnterAsync(cancellationToken).ConfigureAwait(false);
        var result = ClaimResult.Refused;
        try
        {
            lock (claim)
            {
                claim.IsTold = false;
            }

            // Rule 12: one that was granted makes no new attempts. It is there, or it is gone.
            result = claim.IsHeld
                ? await FindAsync(claim, cancellationToken).ConfigureAwait(false)
                : await TryAsync(claim, request.Intent, cancellationToken).ConfigureAwait(false);
            return result;
        }
        finally
        {
            // After a fault it is kept: the engine asks again, or releases it.
            if (result.Outcome == ClaimOutcome.Refused && !claim.IsHeld && claim.IsReleased)
            {
                _claims.TryRemove(KeyValuePair.Create(id, claim));
            }

            claim.Exit();
        }
    }

    private RedlockClaim New(ClaimRequest request) => new(request.Key)
    {
        Kind = request.Mode == ClaimMode.Counted ? request.Limit : 0,
        What = request.Mode switch
        {
            ClaimMode.Exclusive => 0,
            ClaimMode.Shared => RedlockClaim.Shared,
            _ => _backend.Next(request.Limit) + 1,
        },
        Flags = request.Announce ? 1 : 0,
        Value = request.Value,
    };

    private static Reason ReasonOf(RedlockRound round, int master)
    {
        if (round.Reply(master) is not { } reply)
        {
            return Reason.None;
        }

        return reply.Resp2Type == ResultType.Integer ? (Reason)(int)reply : (Reason)(int)reply[0];
    }

    private static int CountOf(RedlockRound round, Reason reason)
    {
        var count = 0;
        for (var master = 0; master < round.Count; master++)
        {
            count += ReasonOf(round, master) == reason ? 1 : 0;
        }

        return count;
    }

    private static bool IsSettled(RedlockRound round)
    {
        var granted = CountOf(round, Reason.Granted);
        return granted >= round.Quorum || granted + round.CountOf(RedlockRound.State.Pending) < round.Quorum;
    }

    private async ValueTask<ClaimResult> FindAsync(RedlockClaim claim, CancellationToken cancellationToken)
    {
        var arguments = Renewal([claim.Key], 0, 1, out _);
        var round = RedlockRound.Start(
            _backend, RedlockScripts.Renew, arguments, "claim", claim.Key.Resource, static round => Renewed(round, 0).IsDecided(round), null, cancellationToken);
        await round.WaitAsync().ConfigureAwait(false);
        var (yes, no, _) = Renewed(round, 0);
        if (yes >= Quorum)
        {
            return ClaimResult.Granted(new FencingToken(claim.Token), Duration);
        }

        if (no >= Veto)
        {
            claim.IsReleased = true;
            claim.IsHeld = false;
            return ClaimResult.Refused;
        }

        throw _backend.TooFew(round, "claim", claim.Key.Resource);
    }

    private async ValueTask<ClaimResult> TryAsync(RedlockClaim claim, ClaimIntent intent, CancellationToken cancellationToken)
    {
        var (resource, id) = claim.Key;
        var above = 0L;
        for (var rounds = 1; ; rounds++)
        {
            long token;
            lock (claim)
            {
                if (claim.IsReleased)
                {
                    return ClaimResult.Refused;
                }

                claim.IsWoken = false;
                claim.Attempt++;
                token = _backend.Tokens.Propose(above);
                claim.HighestToken = Math.Max(claim.HighestToken, token);
                if (intent == ClaimIntent.Queue && claim.Ticket == 0)
                {
                    claim.Ticket = token;
                }
            }

            var sent = _backend.Now;
            var attempt = new Attempt(claim, claim.Attempt, token, claim.What);
            var round = RedlockRound.Start(
                _backend,
                RedlockScripts.Claim,
                Arguments(attempt, intent),
                "claim",
                resource,
                static round => IsSettled(round),
                (round, master) => CameLate(round, master, attempt),
                cancellationToken);
            try
            {
                await round.WaitAsync().ConfigureAwait(false);
            }
            catch
            {
                // The caller gave up. What was granted is taken back; the claim's place the engine releases.
                Forfeit(attempt, round, keepsPlace: intent != ClaimIntent.TryOnce);
                throw;
            }

            _attemptTook = _backend.Now - sent;
            if (CountOf(round, Reason.Granted) >= Quorum)
            {
                return Won(attempt, round);
            }

            Learn(round);
            var verdict = Judge(claim, round, intent, out above);
            lock (claim)
            {
                verdict = claim.IsReleased ? Verdict.Refused : claim.IsWoken && verdict == Verdict.Wait ? Verdict.Again : verdict;
            }

            if (verdict == Verdict.Again && rounds < MaxRounds)
            {
                // The next attempt takes the place of this one.
                continue;
            }

            Forfeit(attempt, round, keepsPlace: intent != ClaimIntent.TryOnce && verdict is Verdict.Wait or Verdict.Again or Verdict.Fault);
            switch (verdict)
            {
                case Verdict.Fault:
                    throw _backend.TooFew(round, "claim", resource);
                case Verdict.OtherKind:
                    claim.IsReleased = true;
                    _claims.TryRemove(KeyValuePair.Create(id, claim));
                    throw OtherKind(claim, round);
                case Verdict.Refused:
                case Verdict.Wait or Verdict.Again when intent == ClaimIntent.TryOnce:
                    claim.IsReleased = true;
                    return ClaimResult.Refused;
                default:
                    return ClaimResult.Waiting(AskAgainAfter(claim, round), Duration);
            }
        }
    }

    private ClaimResult Won(Attempt attempt, RedlockRound round)
    {
        var claim = attempt.Claim;
        lock (claim)
        {
            if (claim.IsReleased)
            {
                // Released meanwhile: its release is behind the claim at every master.
                return ClaimResult.Refused;
            }

            claim.IsHeld = true;
            claim.Token = attempt.Token;
            claim.Losses = 0;
        }

        for (var master = 0; master < Masters; master++)
        {
            if (round[master] == RedlockRound.State.Reply && ReasonOf(round, master) != Reason.Granted)
            {
                Join(attempt, master);
            }
        }

        return ClaimResult.Granted(new FencingToken(attempt.Token), Duration);
    }

    // After a win it joins the masters that could not grant it (rule 14), and waits there no more. After a loss a late grant was taken back already:
    // what was sent to take it back is behind it.
    private void CameLate(RedlockRound round, int master, Attempt attempt)
    {
        var claim = attempt.Claim;
        if (round[master] == RedlockRound.State.Reply && ReasonOf(round, master) != Reason.Granted && claim.IsHeld && claim.Attempt == attempt.Number)
        {
            Join(attempt, master);
        }
    }

    private RedisArguments Arguments(Attempt attempt, ClaimIntent intent)
    {
        var claim = attempt.Claim;
        var arguments = new RedisArguments(1 + RedlockKeys.PerResource, 15);
        _backend.Begin(arguments);
        _backend.Keys.Write(claim.Key.Resource, arguments.Keys.AsSpan(1));
        var values = arguments.Values;
        values[2] = claim.Key.Id;
        values[3] = attempt.Number;
        values[4] = (int)intent;
        values[5] = _milliseconds;
        values[6] = claim.Kind;
        values[7] = attempt.What;
        values[8] = attempt.Token;
        values[9] = claim.Ticket;
        values[10] = Reservation;
        values[11] = claim.Flags;
        values[12] = claim.Kind > 0 ? attempt.What : 0;
        values[13] = _route;
        values[14] = claim.Value;
        return arguments;
    }

    private long Reservation => Math.Clamp(
        (long)(_attemptTook.TotalMilliseconds * 2) + ReservationLeast, ReservationLeast, Math.Max(ReservationLeast, _milliseconds / 8));

    // Rules 12, 17: taken back wherever it was or may have been granted, until it has ended by itself.
    private void Forfeit(Attempt attempt, RedlockRound round, bool keepsPlace)
    {
        RedlockOwed.Call? owed = null;
        for (var master = 0; master < Masters; master++)
        {
            if (round[master] == RedlockRound.State.Out || (round[master] == RedlockRound.State.Reply && ReasonOf(round, master) != Reason.Granted))
            {
                continue;
            }

            owed ??= new RedlockOwed.Call(
                RedlockScripts.Forfeit, Return(attempt, keepsPlace), "release", attempt.Claim.Key.Resource, _backend.Now + Duration);
            _backend.Owed.Send(master, owed, _listener);
        }
    }

    // A place that a master has lost, or never had.
    private void Place(RedlockClaim claim, int attempt, int master) => _backend.Owed.SendOnce(
        master, RedlockScripts.Forfeit, Return(new Attempt(claim, attempt, 0, claim.What), keepsPlace: true), "claim", claim.Key.Resource);

    private RedisArguments Return(Attempt attempt, bool keepsPlace)
    {
        var claim = attempt.Claim;
        var arguments = new RedisArguments(1 + RedlockKeys.PerResource, 13);
        _backend.Begin(arguments);
        _backend.Keys.Write(claim.Key.Resource, arguments.Keys.AsSpan(1));
        var values = arguments.Values;
        values[2] = claim.Key.Id;
        values[3] = attempt.Number;
        values[4] = attempt.Token;
        values[5] = _milliseconds;
        values[6] = claim.Kind;
        values[7] = attempt.What;
        values[8] = keepsPlace ? claim.Ticket : 0;
        values[9] = Reservation;
        values[10] = claim.Flags;
        values[11] = _route;
        values[12] = claim.Value;
        return arguments;
    }

    private void Join(Attempt attempt, int master)
    {
        var claim = attempt.Claim;
        var arguments = _backend.Arguments(
            claim.Key.Resource,
            claim.Key.Id,
            attempt.Number,
            attempt.Token,
            _milliseconds,
            claim.Kind,
            attempt.What,
            claim.Flags,
            claim.Version,
            claim.Value);

        // Not owed: the next renewal sees that it is missing there.
        _backend.Owed.SendOnce(master, RedlockScripts.Join, arguments, "claim", claim.Key.Resource);
    }

    private readonly record struct Attempt(RedlockClaim Claim, int Number, long Token, long What);
}
