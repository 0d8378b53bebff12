using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>That everything comes to its end: calls, claims, and what was left on the way.</summary>
internal static class EndRules
{
    public static IEnumerable<Violation> Check(History history, Promises promises)
    {
        var end = history.Events.Count == 0 ? TimeSpan.Zero : history.Events[^1].At;
        foreach (var call in history.Calls)
        {
            var violation = CheckBudget(history, promises, call, end) ?? CheckCancellation(history, promises, call, end) ?? CheckTurn(history, promises, call, end);
            if (violation is not null)
            {
                yield return violation;
            }

            if (call.Outcome == Outcome.Unexpected)
            {
                yield return new Violation(
                    Rule.UnexpectedError,
                    call.EndedAt ?? end,
                    $"{call.Started.Operation} of {call.Started.Resource} by {call.Started.Call}: {call.Error}",
                    Excerpt.Of(history, [call.Started.Call]));
            }
        }

        foreach (var queue in history.Queues.Where(static queue => queue.IsFinal && queue.Holders.Count + queue.Waiters.Count > 0))
        {
            QueuedClaim[] left = [.. queue.Holders, .. queue.Waiters];
            yield return new Violation(
                Rule.NothingLeftBehind,
                queue.At,
                $"{queue.Resource} is left with {string.Join(", ", left.Select(static claim => claim.Call))}",
                Excerpt.Of(history, [.. left.Select(static claim => claim.Call)], queue));
        }
    }

    private static Violation? CheckBudget(History history, Promises promises, Call call, TimeSpan end) =>
        call.Started.Budget is { } budget ? Late(history, call, call.Started.At, budget + promises.Slack, end, "its budget") : null;

    private static Violation? CheckCancellation(History history, Promises promises, Call call, TimeSpan end) =>
        call.CancelledAt is { } at ? Late(history, call, at, promises.Slack, end, "its cancellation") : null;

    private static Violation? Late(History history, Call call, TimeSpan from, TimeSpan limit, TimeSpan end, string what)
    {
        // Nobody can tell of a process that is dead whether its call would have ended.
        var until = call.EndedAt ?? history.DiedAt(call.Started.Client) ?? end;
        var took = until - from - history.Stopped(call.Started.Client, from, until);
        return took <= limit ? null : new Violation(
            Rule.Budget,
            from + limit,
            FormattableString.Invariant($"{call.Started.Operation} of {call.Started.Resource} by {call.Started.Call} took {took.TotalMilliseconds:0} ms beyond the beginning of {what}, of {limit.TotalMilliseconds:0}"),
            Excerpt.Of(history, [call.Started.Call]));
    }

    private static Violation? CheckTurn(History history, Promises promises, Call call, TimeSpan end)
    {
        if (history.QuietAt is not { } quiet || call.Started.Budget is not null || call.CancelledAt is not null || history.DiedAt(call.Started.Client) is not null)
        {
            return null;
        }

        return (call.EndedAt ?? end) <= quiet + promises.DrainLimit ? null : new Violation(
            Rule.ClaimLostForEver,
            quiet + promises.DrainLimit,
            FormattableString.Invariant(
                $"{call.Started.Call} waits for {call.Started.Resource} still, {promises.DrainLimit.TotalMilliseconds:0} ms after the last fault"),
            Excerpt.Of(history, [call.Started.Call], [.. history.Queues.Where(queue => queue.Resource == call.Started.Resource).TakeLast(2)]));
    }
}
