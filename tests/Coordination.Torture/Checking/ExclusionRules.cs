using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>Who believes to hold beside whom. A lease is believed from its grant until it is given back, told lost, or its time is up.</summary>
internal static class ExclusionRules
{
    /// <summary>Goes through the leases of one resource in the order in which they began.</summary>
    public static IEnumerable<Violation> Check(History history, Hold[] holds)
    {
        var inside = new List<Hold>();
        foreach (var hold in holds.Where(static hold => hold.Until > hold.From))
        {
            inside.RemoveAll(other => other.Until <= hold.From);
            var others = inside.Where(other => !AreOne(other, hold)).ToArray();
            inside.Add(hold);
            if (RuleBroken(hold, others) is { } rule)
            {
                Hold[] all = [hold, .. others];
                yield return new Violation(
                    rule,
                    hold.From,
                    $"{hold.Resource} is held by {hold} beside {string.Join(", ", others.Select(static other => other.ToString()))}",
                    Excerpt.Of(history, [.. all.Select(static each => each.Id)]));
            }
        }
    }

    // One claim that was handed over: whoever detached it believes no longer, but its answer may come late.
    private static bool AreOne(Hold one, Hold other) => one.Began.Claim is { } claim && claim == other.Began.Claim;

    private static Rule? RuleBroken(Hold hold, Hold[] others)
    {
        if (others.Length == 0)
        {
            return null;
        }

        return hold.Mode switch
        {
            ClaimMode.Counted => others.Length >= Math.Min(hold.Limit, others.Min(static other => other.Limit)) ? Rule.Capacity : null,
            ClaimMode.Shared => others.Any(static other => other.Mode != ClaimMode.Shared) ? Rule.ReadersAndWriters : null,
            _ when others.Any(static other => other.Mode == ClaimMode.Shared) => Rule.ReadersAndWriters,
            _ => hold.Resource.StartsWith(Resources.ElectionPrefix, StringComparison.Ordinal) ? Rule.OneLeader : Rule.Exclusion,
        };
    }
}
