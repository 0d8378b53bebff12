using Coordination;

namespace Quickstart;

/// <summary>What one worker held, from just after it had it to just before it gave it back: shorter than the lease, never longer.</summary>
internal sealed record Span(string Worker, FencingToken? Token, long Entered, long Left);

/// <summary>Judges a run by what the workers recorded, without asking the library or the server anything.</summary>
internal sealed class Referee(IEnumerable<WorkerEvent> events)
{
    private static readonly TimeSpan TakeOverLimit = Setting.LeaseDuration + Setting.Slack;
    private static readonly TimeProvider Clock = TimeProvider.System;
    private readonly WorkerEvent[] _events = [.. events.OrderBy(static happened => happened.Timestamp)];
    private readonly List<string> _broken = [];

    /// <summary>Judges.</summary>
    /// <param name="completed">Whether the run went through to its end: only then must everything have happened that should.</param>
    public Verdict Judge(bool completed)
    {
        var locks = SpansOf(Setting.Lock);
        var permits = SpansOf(Setting.Semaphore);
        var terms = SpansOf(Setting.Election);

        var overlaps = CheckCount("the lock", locks, 1, out _)
            + CheckCount("the semaphore", permits, Setting.MaxPermits, out var mostPermits)
            + CheckCount("the leadership", terms, 1, out _);
        CheckTokens("the lock", locks);
        CheckTokens("the leadership", terms);

        var takeOver = MeasureTakeOver(terms);
        var handOver = MeasureHandOver(terms);
        if (completed)
        {
            CheckTurns("the lock", locks);
            CheckTurns("the semaphore", permits);
            Require(mostPermits >= Setting.MaxPermits, $"the semaphore was never fully used: at most {mostPermits} held at once");
            Require(takeOver <= TakeOverLimit, $"nobody led within {TakeOverLimit.TotalSeconds} s after the leader fell silent");
            Require(handOver < Setting.LeaseDuration, "no leader handed over before its lease would have ended anyway");
        }

        return new Verdict(locks, permits, terms, mostPermits, overlaps, takeOver, handOver, _events.Count(Is(EventKind.Lost)), _broken);
    }

    /// <summary>Pairs entries with exits, in the order of entry.</summary>
    private List<Span> SpansOf(string resource)
    {
        var spans = new List<Span>();
        foreach (var worker in _events.GroupBy(static happened => happened.Worker))
        {
            WorkerEvent? entered = null;
            foreach (var happened in worker.Where(happened => happened.Detail == resource))
            {
                switch (happened.Kind)
                {
                    case EventKind.Entered:
                        Require(entered is null, $"{worker.Key} entered {resource} twice");
                        entered = happened;
                        break;
                    case EventKind.Left or EventKind.Lost:
                        Require(entered is not null, $"{worker.Key} left {resource} without having entered");
                        spans.Add(new Span(worker.Key, entered?.Token, entered?.Timestamp ?? happened.Timestamp, happened.Timestamp));
                        entered = null;
                        break;
                }
            }

            if (entered is not null)
            {
                // Killed inside. It was there when the kill was sent, at the least.
                var killed = worker.FirstOrDefault(Is(EventKind.Killed));
                Require(killed is not null, $"{worker.Key} never left {resource}");
                spans.Add(new Span(
                    worker.Key, entered.Token, entered.Timestamp, Math.Max(entered.Timestamp, killed?.Timestamp ?? long.MaxValue)));
            }
        }

        return [.. spans.OrderBy(static span => span.Entered)];
    }

    /// <summary>How often somebody entered although as many as may were inside.</summary>
    private int CheckCount(string what, List<Span> spans, int limit, out int most)
    {
        var overlaps = new List<string>();
        most = 0;
        for (var i = 0; i < spans.Count; i++)
        {
            var entering = spans[i];
            var inside = spans.Take(i).Where(span => span.Left > entering.Entered).Select(static span => span.Worker).ToList();
            most = Math.Max(most, inside.Count + 1);
            if (inside.Count >= limit)
            {
                overlaps.Add($"{entering.Worker} entered {what} while {string.Join(" and ", inside)} held it");
            }
        }

        Require(overlaps.Count == 0, $"{overlaps.FirstOrDefault()} ({overlaps.Count} such overlaps)");
        return overlaps.Count;
    }

    private void CheckTokens(string what, List<Span> spans)
    {
        var stale = spans.Zip(spans.Skip(1)).Where(static pair => !(pair.Second.Token > pair.First.Token)).ToList();
        var (first, second) = stale.FirstOrDefault();
        Require(stale.Count == 0, $"the fencing tokens of {what} did not increase: {first?.Token} was followed by {second?.Token} ({stale.Count} such pairs)");
    }

    /// <summary>The queue is fair: nobody is left out.</summary>
    private void CheckTurns(string what, List<Span> spans)
    {
        foreach (var worker in _events.Select(static happened => happened.Worker).Distinct())
        {
            Require(spans.Any(span => span.Worker == worker), $"{worker} never had {what}");
        }
    }

    /// <summary>From the kill to the successor's first moment as leader: the rest of the dead leader's lease.</summary>
    private TimeSpan? MeasureTakeOver(List<Span> terms)
    {
        TimeSpan? takeOver = null;
        if (_events.FirstOrDefault(Is(EventKind.Killed)) is { } killed
            && terms.FirstOrDefault(term => term.Entered > killed.Timestamp && term.Worker != killed.Worker) is { } successor)
        {
            takeOver = Clock.GetElapsedTime(killed.Timestamp, successor.Entered);
        }

        return takeOver;
    }

    /// <summary>From a leader's last moment to its successor's first: a message, not an expiry.</summary>
    private TimeSpan? MeasureHandOver(List<Span> terms)
    {
        TimeSpan? handOver = null;
        if (_events.FirstOrDefault(Is(EventKind.Resigned)) is { } resigned
            && terms.FirstOrDefault(term => term.Worker == resigned.Worker && term.Left > resigned.Timestamp) is { } last
            && terms.FirstOrDefault(term => term.Entered > last.Left) is { } successor)
        {
            handOver = Clock.GetElapsedTime(last.Left, successor.Entered);
        }

        return handOver;
    }

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            _broken.Add(otherwise);
        }
    }

    private static Func<WorkerEvent, bool> Is(EventKind kind) => happened => happened.Kind == kind;
}
