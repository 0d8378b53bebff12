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

    // As in resource.lua.
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

            Leave(claim);
        }
    }

    // A wake-up that came when the attempt had been judged, and its end was not there yet, is passed on: nothing else would bring the claim its turn.
    private void Leave(RedlockClaim claim)
    {
        claim.Exit();
        lock (claim)
        {
            if (!claim.IsWoken || claim.IsHeld || claim.IsReleased || claim.IsTold || claim.IsTrying)
            {
                return;
            }

            claim.IsTold = true;
        }

        _listener.OnChanged(claim.Key.Id);
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

    // Won, lost, or to be tried again at once: where too low a token is all that is in the way of a majority, that is no loss.
    private static bool IsSettled(RedlockRound round)
    {
        var granted = CountOf(round, Reason.Granted);
        var pending = round.CountOfAwaited();
        if (granted >= round.Quorum)
        {
            return true;
        }

        var stale = CountOf(round, Reason.Stale);
        return granted + pending < round.Quorum && (granted + stale >= round.Quorum || granted + stale + pending < round.Quorum);
    }

    private async ValueTask<ClaimResult> FindAsync(RedlockClaim claim, CancellationToken cancellationToken)
    {
        var arguments = Renewal([claim.Key], 0, 1, out _);
        var round = RedlockRound.Start(
            _backend, RedlockScripts.Renew, arguments, "claim", claim.Key.Resource, static round => Renewed(round, 0).IsDecided(round), cancellationToken);
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ClaimResult> TryAsync(RedlockClaim claim, ClaimIntent intent, CancellationToken cancellationToken)
    {
        var (resource, id) = claim.Key;
        var above = 0L;
        var began = _backend.Now;
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
            var attempt = new Attempt(this, claim, claim.Attempt, token, claim.What);
            var round = RedlockRound.Start(
                _backend,
                RedlockScripts.Claim,
                Arguments(attempt, intent),
                "claim",
                resource,
                static round => IsSettled(round),
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
            var verdict = Judge(attempt, round, out above);
            lock (claim)
            {
                verdict = claim.IsReleased ? Verdict.Refused : claim.IsWoken && verdict == Verdict.Wait ? Verdict.Race : verdict;
            }

            // One master that is silent may be what each round waits for: a race is not run on then, but a token that was too low would be a refusal of what is free.
            if (rounds < MaxRounds && (verdict == Verdict.Again || (verdict == Verdict.Race && _backend.Now - began < _backend.MasterTimeout / 2)))
            {
                // The next attempt takes the place of this one.
                continue;
            }

            Forfeit(attempt, round, keepsPlace: intent != ClaimIntent.TryOnce && verdict is Verdict.Wait or Verdict.Again or Verdict.Race or Verdict.Fault);
            switch (verdict)
            {
                case Verdict.Fault:
                    throw _backend.TooFew(round, "claim", resource);
                case Verdict.OtherKind:
                    claim.IsReleased = true;
                    _claims.TryRemove(KeyValuePair.Create(id, claim));
                    throw OtherKind(claim, round);
                case Verdict.Refused:
                case Verdict.Wait or Verdict.Again or Verdict.Race when intent == ClaimIntent.TryOnce:
                    claim.IsReleased = true;
                    return ClaimResult.Refused;
                default:
                    return ClaimResult.Waiting(AskAgainAfter(claim, round, intent), Duration);
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

        // It joins the masters that could not grant it (rule 14), and waits there no more.
        round.Follow(
            static (round, master, state) =>
            {
                var attempt = (Attempt)state;
                if (round[master] == RedlockRound.State.Reply && ReasonOf(round, master) != Reason.Granted && attempt.Claim.IsHeld && attempt.Claim.Attempt == attempt.Number)
                {
                    attempt.Session.Join(attempt, master);
                }
            },
            attempt);
        return ClaimResult.Granted(new FencingToken(attempt.Token), Duration);
    }

    private RedisArguments Arguments(Attempt attempt, ClaimIntent intent)
    {
        var claim = attempt.Claim;
        var arguments = _backend.ClaimArguments.Rent();
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

    // Rules 12, 17: taken back wherever it was granted, or may have been, until it has ended by itself. A master that has not answered yet is told when it is
    // known what there is to tell: mostly nothing.
    private void Forfeit(Attempt attempt, RedlockRound round, bool keepsPlace)
    {
        var claim = attempt.Claim;
        var until = _backend.Now + Duration;
        round.Follow((round, master) =>
        {
            if (claim.IsEnded)
            {
                return; // Its release is behind it at every master.
            }

            // What has happened meanwhile counts.
            var keeps = keepsPlace && claim is { IsHeld: false, IsReleased: false };
            switch (round[master])
            {
                case RedlockRound.State.Reply when ReasonOf(round, master) == Reason.Granted:
                    _backend.Owed.Send(master, Return(keeps), _listener);
                    break;
                case RedlockRound.State.Reply when keeps && Latest(round, master) > 0:
                    Place(claim, attempt.Number, master);
                    break;
                case RedlockRound.State.Fault:
                    Owe(master, Return(keeps));
                    break;
            }
        });

        RedlockOwed.Call Return(bool keeps) => new(RedlockScripts.Forfeit, this.Return(attempt, keeps), "release", claim.Key.Resource, until, claim);
    }

    // A place that a master has lost, or never had.
    private void Place(RedlockClaim claim, int attempt, int master) => _backend.Owed.SendOnce(
        master, RedlockScripts.Forfeit, Return(new Attempt(this, claim, attempt, 0, claim.What), keepsPlace: true), "claim", claim.Key.Resource);

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
            claim.TakenBy,
            claim.Value);

        // Not owed: the next renewal sees that it is missing there.
        _backend.Owed.SendOnce(master, RedlockScripts.Join, arguments, "claim", claim.Key.Resource);
    }

    private sealed record Attempt(RedlockSession Session, RedlockClaim Claim, int Number, long Token, long What);
}
