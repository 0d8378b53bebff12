using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>
/// Who was seen to wait ahead of whom: as long as the one ahead still waits under the same claim, the one behind has not been granted. A claim whose call has ended, or whose
/// client has died, waits for nothing, wherever it is still seen.
/// </summary>
internal static class OrderRule
{
    public static IEnumerable<Violation> Check(History history)
    {
        var holds = history.Holds.Where(static hold => hold.Began.Claim is not null).ToLookup(static hold => hold.Began.Claim!, StringComparer.Ordinal);
        foreach (var queues in history.Queues.GroupBy(static queue => queue.Resource))
        {
            QueueSeen? before = null;
            foreach (var queue in queues.OrderBy(static queue => queue.At))
            {
                // Two questions that overlap may have been answered in either order.
                if (before is not null && before.Answered <= queue.At && !history.MayBeOld(before) && !history.MayBeOld(queue))
                {
                    foreach (var (passed, granted) in Passed(before, queue, holds).Where(pair => !HasGivenUp(history, pair.Passed, queue.At)))
                    {
                        yield return new Violation(
                            Rule.Order,
                            queue.At,
                            $"{queue.Resource}: {granted.Call} was granted, and {passed.Call}, which waited ahead of it, waits still",
                            Excerpt.Of(history, [granted.Call, passed.Call], before, queue));
                    }
                }

                before = queue;
            }
        }
    }

    private static bool HasGivenUp(History history, QueuedClaim claim, TimeSpan at) =>
        history.FindCall(claim.Call) is { } call && ((call.Outcome != Outcome.Granted && call.EndedAt <= at) || history.DiedAt(call.Started.Client) <= at);

    private static IEnumerable<(QueuedClaim Passed, QueuedClaim Granted)> Passed(QueueSeen before, QueueSeen now, ILookup<string, Hold> holds)
    {
        for (var place = 0; place < before.Waiters.Count; place++)
        {
            var waiter = before.Waiters[place];
            if (now.Waiters.All(other => other.Id != waiter.Id))
            {
                continue;
            }

            foreach (var behind in before.Waiters.Skip(place + 1))
            {
                if (now.Holders.Any(holder => holder.Id == behind.Id) || holds[behind.Id].Any(hold => hold.From <= now.At))
                {
                    yield return (waiter, behind);
                }
            }
        }
    }
}
