using Coordination.Backends;

namespace Coordination.Redis;

/// <content>What to make of an attempt that no majority granted.</content>
internal sealed partial class RedlockSession
{
    private enum Verdict
    {
        /// <summary>Others hold it.</summary>
        Wait,

        /// <summary>The token was too low, or the ticket before those of others who came earlier: another attempt at once.</summary>
        Again,

        /// <summary>Another attempt at once may win.</summary>
        Race,

        /// <summary>The id is used up, or its place gone.</summary>
        Refused,

        /// <summary>The name is in use for another kind.</summary>
        OtherKind,

        /// <summary>Too few masters answered.</summary>
        Fault,
    }

    private static CoordinationException OtherKind(RedlockClaim claim, RedlockRound round)
    {
        long other = 0;
        for (var master = 0; master < round.Count; master++)
        {
            if (ReasonOf(round, master) == Reason.Kind)
            {
                other = (long)round.Reply(master)![3];
            }
        }

        return new CoordinationException(
            $"Redlock could not claim '{claim.Key.Resource}' as {Name(claim.Kind)}: the name is in use as {Name(other)}, and over several masters one name "
            + "cannot be both at once. Use another name, or the same kind and limit everywhere.",
            isTransient: false);

        static string Name(long kind) => kind == 0 ? "a lock" : $"a semaphore of {kind}";
    }

    // Registers and tickets of others, for the next proposals.
    private void Learn(RedlockRound round)
    {
        for (var master = 0; master < round.Count; master++)
        {
            if (ReasonOf(round, master) is not (Reason.None or Reason.Granted))
            {
                _backend.Tokens.Saw(Math.Max((long)round.Reply(master)![1], Latest(round, master)));
            }
        }
    }

    // The last ticket at a master that gave the claim no place behind it; otherwise 0.
    private static long Latest(RedlockRound round, int master) => ReasonOf(round, master) is Reason.None or Reason.Granted ? 0 : (long)round.Reply(master)![5];

    private Verdict Judge(Attempt attempt, RedlockRound round, out long above)
    {
        var claim = attempt.Claim;
        above = 0;
        var granted = CountOf(round, Reason.Granted);
        if (round.CountOf(RedlockRound.State.Out) > 0)
        {
            _listener.OnMaintenanceDue();
        }

        if (CountOf(round, Reason.Kind) >= Veto)
        {
            return Verdict.OtherKind;
        }

        if (CountOf(round, Reason.Used) + CountOf(round, Reason.Absent) >= Veto)
        {
            return Verdict.Refused;
        }

        if (round.CountOf(RedlockRound.State.Out) + round.CountOf(RedlockRound.State.Fault) >= Veto)
        {
            return Verdict.Fault;
        }

        // One whose wait a majority knows has come before this one, whatever their clocks say: a master of that majority has answered here too.
        for (var master = 0; master < Masters; master++)
        {
            if (Latest(round, master) >= claim.Ticket && claim.Ticket > 0)
            {
                above = Math.Max(above, Latest(round, master));
            }
        }

        if (above > 0)
        {
            claim.Ticket = 0;
        }

        if (granted + CountOf(round, Reason.Stale) >= Quorum)
        {
            above = Math.Max(above, Sufficient(round, Quorum - granted));
        }

        if (above > 0)
        {
            return Verdict.Again;
        }

        if (claim.Kind > 0 && FreeSlot(claim, round) is { } slot)
        {
            claim.What = slot;
            return Verdict.Race;
        }

        // Of two that split the masters, the one with more of them goes on, and the other waits. Those that are kept for another are his.
        var (rival, most) = Rivals(round);
        var kept = Kept(round);
        return granted > kept && most < Veto && (granted > most || (granted == most && Precedes(claim, rival))) ? Verdict.Race : Verdict.Wait;
    }

    // Masters where others come first: reserved for one that was woken, or for a writer that waits.
    private static int Kept(RedlockRound round) => CountOf(round, Reason.Reserved) + CountOf(round, Reason.Intent);

    private static bool Precedes(RedlockClaim claim, string rival) => string.CompareOrdinal(claim.Key.Id, rival) < 0;

    // The lowest register that so many of the masters with a higher one would be content with.
    private static long Sufficient(RedlockRound round, int wanted)
    {
        var registers = new List<long>();
        for (var master = 0; master < round.Count; master++)
        {
            if (ReasonOf(round, master) == Reason.Stale)
            {
                registers.Add((long)round.Reply(master)![1]);
            }
        }

        registers.Sort();
        return registers[Math.Clamp(wanted - 1, 0, registers.Count - 1)];
    }

    // Who holds most of the masters that refuse, and how many.
    private static (string Rival, int Most) Rivals(RedlockRound round)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var master = 0; master < round.Count; master++)
        {
            if (ReasonOf(round, master) is Reason.Held or Reason.Reserved or Reason.Intent)
            {
                var owner = (string)round.Reply(master)![3]!;
                if (owner.Length > 0)
                {
                    counts[owner] = counts.GetValueOrDefault(owner) + 1;
                }
            }
        }

        var most = counts.Count == 0 ? new KeyValuePair<string, int>("", 0) : counts.MaxBy(static pair => pair.Value);
        return (most.Key, most.Value);
    }

    // A slot that a majority may have free: of those that refuse, the ones that name it; and those that granted the one that was tried.
    private long? FreeSlot(RedlockClaim claim, RedlockRound round)
    {
        var counts = new Dictionary<long, int>();
        var others = 0;
        for (var master = 0; master < round.Count; master++)
        {
            var reason = ReasonOf(round, master);
            if (reason is Reason.Granted or Reason.Stale)
            {
                others++;
            }
            else if (reason == Reason.Held)
            {
                var free = round.Reply(master)![4];
                for (var i = 0; i < free.Length; i++)
                {
                    var slot = (long)free[i];
                    counts[slot] = counts.GetValueOrDefault(slot) + 1;
                }
            }
        }

        counts.Remove(claim.What);
        var most = counts.Count == 0 ? 0 : counts.Values.Max();
        if (most + others < Quorum || most == 0)
        {
            return null;
        }

        // Not all the same one.
        var best = counts.Where(pair => pair.Value == most).Select(static pair => pair.Key).ToArray();
        return best[_backend.Next(best.Length)];
    }

    private static bool NamesFreeSlots(RedlockRound round)
    {
        for (var master = 0; master < round.Count; master++)
        {
            if (ReasonOf(round, master) is Reason.Held or Reason.Reserved && round.Reply(master)![4].Length > 0)
            {
                return true;
            }
        }

        return false;
    }

    // When time alone may have freed a majority: the moment at which the last of the masters that are needed may have been freed. One that took part in
    // a race that nobody won asks soon, and ever later: nobody wakes it. One that has just come, and meets what is kept for others, took no part.
    private TimeSpan? AskAgainAfter(RedlockClaim claim, RedlockRound round, ClaimIntent intent)
    {
        var free = new List<long>();
        for (var master = 0; master < round.Count; master++)
        {
            switch (ReasonOf(round, master))
            {
                case Reason.Granted or Reason.Stale:
                    free.Add(0);
                    break;
                case Reason.Held or Reason.Intent:
                    free.Add((long)round.Reply(master)![2] + 1);
                    break;
                case Reason.Reserved:
                    // Whoever was woken takes it now, or is dead: a renewal tells that.
                    free.Add(Math.Max((long)round.Reply(master)![2] + 1, _milliseconds / 3));
                    break;
            }
        }

        free.Sort();
        TimeSpan? atLatest = free.Count >= Quorum ? TimeSpan.FromMilliseconds(free[Quorum - 1]) : null;
        var (_, most) = Rivals(round);
        var tookPart = CountOf(round, Reason.Granted) > 0 || (claim.Kind > 0 && NamesFreeSlots(round));
        if (!tookPart || most >= Veto || (intent == ClaimIntent.Queue && Kept(round) >= Veto))
        {
            claim.Losses = 0;
            return atLatest is { } wait && wait < TimeSpan.FromMilliseconds(2) ? TimeSpan.FromMilliseconds(2) : atLatest;
        }

        claim.Losses++;
        var backOff = Math.Min(2.0 * (1 << Math.Min(claim.Losses, 10)), LongestBackOff.TotalMilliseconds);
        var jittered = TimeSpan.FromMilliseconds((backOff / 2) + (_backend.NextDouble() * backOff / 2));
        return atLatest is { } latest && latest > TimeSpan.Zero && latest < jittered ? latest : jittered;
    }
}
