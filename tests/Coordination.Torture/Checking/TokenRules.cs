using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>Tokens: in the order of grants, and as the store saw them.</summary>
internal static class TokenRules
{
    public static IEnumerable<Violation> CheckOrder(History history, Promises promises, Hold[] holds)
    {
        // An attached lease is the one that was detached, with its token.
        Hold[] fenced = [.. holds.Where(static hold => hold.Token is not null && hold.Call.Operation != Operation.Attach)];
        return Doubled(history, promises, fenced).Concat(InRealTime(history, promises, fenced)).Concat(InOrderOfBelief(history, fenced));
    }

    /// <summary>The store decides by the tokens it is shown, and refuses smaller ones. It must never have had to refuse a holder whose lease was live.</summary>
    public static IEnumerable<Violation> CheckStore(History history)
    {
        foreach (var write in history.Writes)
        {
            if (write.IsAccepted && write.Token < write.Highest)
            {
                yield return Of($"The store of {write.Resource} took token {write.Token} after {write.Highest}", write);
            }
            else if (!write.IsAccepted && history.FindHold(write.Hold) is { } hold && hold.From <= write.At && write.At < hold.Until)
            {
                yield return Of($"The store of {write.Resource} had to refuse token {write.Token} of the live holder {hold}, as it had seen {write.Highest}", write);
            }
        }

        Violation Of(string what, RegisterWritten write)
        {
            var rival = history.Writes.LastOrDefault(other => other.Resource == write.Resource && other.Token == write.Highest);
            return new(Rule.StoreOrder, write.At, what, Excerpt.Of(history, rival is null ? [write.Hold] : [write.Hold, rival.Hold], write));
        }
    }

    private static IEnumerable<Violation> Doubled(History history, Promises promises, Hold[] holds) =>
        from same in holds.GroupBy(static hold => hold.Token)
        where same.Count() > 1 && (promises.OrdersReaders || same.Any(static hold => hold.Mode == ClaimMode.Exclusive))
        select Of(history, same.Last(), same.First(), "has the token of");

    // Whoever asked after another had been answered has the greater token, whatever happened since.
    private static IEnumerable<Violation> InRealTime(History history, Promises promises, Hold[] holds)
    {
        var byEnd = holds; // a lease begins when its call has been answered
        var answered = 0;
        Hold? highest = null;
        Hold? highestWriter = null;
        foreach (var hold in holds.OrderBy(static hold => hold.Call.At))
        {
            for (; answered < byEnd.Length && byEnd[answered].From < hold.Call.At; answered++)
            {
                highest = Greater(highest, byEnd[answered]);
                highestWriter = byEnd[answered].Mode == ClaimMode.Exclusive ? Greater(highestWriter, byEnd[answered]) : highestWriter;
            }

            var before = promises.OrdersReaders || hold.Mode == ClaimMode.Exclusive ? highest : highestWriter;
            if (before is not null && hold.Token < before.Token)
            {
                yield return Of(history, hold, before, "was asked for later and has a smaller token than");
            }
        }
    }

    // Of two that exclude each other, the one that was held later was granted later.
    private static IEnumerable<Violation> InOrderOfBelief(History history, Hold[] holds)
    {
        Hold? highest = null;
        Hold? highestWriter = null;
        foreach (var hold in holds.Where(static hold => hold.From < hold.VoidFrom))
        {
            var before = hold.Mode == ClaimMode.Exclusive ? highest : highestWriter;
            if (before is not null && hold.Token < before.Token)
            {
                yield return Of(history, hold, before, "was held later and has a smaller token than");
            }

            highest = Greater(highest, hold);
            highestWriter = hold.Mode == ClaimMode.Exclusive ? Greater(highestWriter, hold) : highestWriter;
        }
    }

    private static Hold Greater(Hold? one, Hold other) => one is null || other.Token > one.Token ? other : one;

    private static Violation Of(History history, Hold hold, Hold other, string how) =>
        new(Rule.TokenOrder, hold.From, $"{hold.Resource}: {hold} {how} {other}", Excerpt.Of(history, [hold.Id, other.Id]));
}
