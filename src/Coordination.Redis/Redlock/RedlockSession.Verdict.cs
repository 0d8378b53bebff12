using Coordination.Backends;

namespace Coordination.Redis;

/// <content>What to make of an attempt that no majority granted.</content>
internal sealed partial class RedlockSession
{
    private enum Verdict
    {
        /// <summary>Others hold it.</summary>
        Wait,

        /// <summary>Another attempt at once may win.</summary>
        Again,

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

    // Registers and clocks, for the next proposals.
    private void Learn(RedlockRound round)
    {
        for (var master = 0; master < round.Count; master++)
        {
            if (ReasonOf(round, master) == Reason.Stale)
            {
                _backend.Tokens.Saw((long)round.Reply(master)![1]);
            }
        }
    }

    private Verdict Judge(RedlockClaim claim, RedlockRound round, ClaimIntent intent, out long above)
    {
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

        if (granted + CountOf(round, Reason.Stale) >= Quorum)
        {
            above = Sufficient(round, Quorum - granted);
            return Verdict.Again;
        }

        if (claim.Kind > 0 && FreeSlot(claim, round) is { } slot)
        {
            claim.What = slot;
            return Verdict.Again;
        }

        // Of two that split the masters, the one with more of them goes on, and the other waits.
        var (rival, most) = Rivals(round);
        return granted > 0 && most < Veto && (granted > most || (granted == most && Precedes(claim, rival))) ? Verdict.Again : Verdict.Wait;
    }

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

    // When time alone may have freed a majority: the moment at which the last of the masters that are needed may have been freed. After a lost race
    // soon, and ever later.
    private TimeSpan? AskAgainAfter(RedlockClaim claim, RedlockRound round)
    {
        var free = new List<long>();
        for (var master = 0; master < round.Count; master++)
        {
            var reason = ReasonOf(round, master);
            if (reason is Reason.Granted or Reason.Stale)
            {
                free.Add(0);
            }
            else if (reason is Reason.Held or Reason.Reserved or Reason.Intent)
            {
                free.Add((long)round.Reply(master)![2] + 1);
            }
        }

        free.Sort();
        TimeSpan? atLatest = free.Count >= Quorum ? TimeSpan.FromMilliseconds(free[Quorum - 1]) : null;
        var (_, most) = Rivals(round);
        if (most >= Veto || (claim.Kind > 0 && !NamesFreeSlots(round)) || CountOf(round, Reason.Intent) >= Veto)
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
