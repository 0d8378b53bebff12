using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>
/// Says which promises a history breaks. It knows nothing of how the history came about: no clock, no server, no chance.
/// </summary>
internal static class Checker
{
    public static IReadOnlyList<Violation> Check(History history, Promises promises)
    {
        var violations = new List<Violation>();
        var byResource = history.Holds
            .GroupBy(static hold => hold.Resource)
            .ToDictionary(static group => group.Key, static group => group.OrderBy(hold => hold.From).ToArray(), StringComparer.Ordinal);
        foreach (var holds in byResource.Values)
        {
            violations.AddRange(ExclusionRules.Check(history, holds));
            violations.AddRange(TokenRules.CheckOrder(history, promises, holds));
        }

        violations.AddRange(TokenRules.CheckStore(history));
        violations.AddRange(LossRules.CheckForced(history, promises));
        if (promises.InspectsExactly)
        {
            violations.AddRange(LossRules.CheckGiveAway(history, byResource));
        }

        if (promises.IsFair)
        {
            violations.AddRange(OrderRule.Check(history));
        }

        violations.AddRange(EndRules.Check(history, promises));
        return [.. violations.OrderBy(static violation => violation.At)];
    }
}
