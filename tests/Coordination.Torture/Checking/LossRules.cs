using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>What the server has against what holders believe.</summary>
internal static class LossRules
{
    /// <summary>A claim that was ended by force is told lost at the latest when its time is up.</summary>
    public static IEnumerable<Violation> CheckForced(History history, Promises promises)
    {
        foreach (var fault in history.Faults.Where(static fault => fault.VoidsClaim is not null))
        {
            foreach (var hold in history.Holds.Where(hold => hold.Began.Claim == fault.VoidsClaim && hold.From <= fault.At))
            {
                var limit = fault.Until + (promises.Duration * 1.02) + promises.Slack;
                if (hold.LastSeen > limit)
                {
                    yield return new Violation(
                        Rule.LossIsTold,
                        limit,
                        FormattableString.Invariant(
                            $"{hold.Resource}: {hold} was ended by {fault.Kind} at {fault.At.TotalMilliseconds:0.000} ms and seen held at {hold.LastSeen.TotalMilliseconds:0.000} ms"),
                        Excerpt.Of(history, [hold.Id], fault));
                }
            }
        }
    }

    /// <summary>Whoever believes throughout an inspection is among the holders that it shows, and nobody beside whom it cannot be.</summary>
    public static IEnumerable<Violation> CheckGiveAway(History history, IReadOnlyDictionary<string, Hold[]> byResource)
    {
        foreach (var queue in history.Queues.Where(queue => !history.MayBeOld(queue)))
        {
            if (!byResource.TryGetValue(queue.Resource, out var holds))
            {
                continue;
            }

            foreach (var hold in holds)
            {
                if (hold.From >= queue.At)
                {
                    break;
                }

                if (hold.Began.Claim is { } claim && hold.Until > queue.Answered && queue.Holders.All(holder => holder.Id != claim))
                {
                    yield return new Violation(
                        Rule.LossBeforeGiveAway,
                        queue.At,
                        $"{hold.Resource}: {hold} is believed, and the server has {(queue.Holders.Count == 0 ? "none" : string.Join(", ", queue.Holders.Select(static holder => holder.Call)))}",
                        Excerpt.Of(history, [hold.Id, .. queue.Holders.Select(static holder => holder.Call)], queue));
                }
            }
        }
    }
}
