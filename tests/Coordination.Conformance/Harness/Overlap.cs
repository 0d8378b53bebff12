using System.Collections.Concurrent;

namespace Coordination.Conformance;

/// <summary>Records who was inside when, on one monotonic clock, and says afterwards whether more were inside than may be.</summary>
public sealed class Overlap(TimeProvider time)
{
    private readonly ConcurrentQueue<Visit> _visits = new();

    /// <summary>How many visits ended.</summary>
    public int Count => _visits.Count;

    /// <summary>How many each visitor made.</summary>
    public IReadOnlyDictionary<string, int> ByVisitor => _visits.GroupBy(visit => visit.Who).ToDictionary(group => group.Key, group => group.Count());

    /// <summary>Stays inside for a while. Call it between the grant and the release.</summary>
    public async Task VisitAsync(string who, string kind, Func<Task> stay)
    {
        var enter = time.GetTimestamp();
        await stay();
        Add(who, kind, enter, time.GetTimestamp());
    }

    /// <summary>A visit that was recorded elsewhere, on the same clock.</summary>
    public void Add(string who, string kind, long enter, long exit) => _visits.Enqueue(new Visit(who, kind, enter, exit));

    /// <summary>Fails if more than so many were inside at one moment.</summary>
    public void AssertAtMost(int count) =>
        AssertNever(inside => inside.Count > count, $"more than {count} inside");

    /// <summary>Fails if the visitors at one moment may not be inside together.</summary>
    public void AssertNever(Func<IReadOnlyCollection<string>, bool> isWrong, string what)
    {
        // On equal timestamps exits go first: on a fake clock one leaves and the next enters at the same moment.
        var events = _visits
            .SelectMany(visit => new[] { (At: visit.Enter, IsEnter: true, Visit: visit), (At: visit.Exit, IsEnter: false, Visit: visit) })
            .OrderBy(entry => entry.At)
            .ThenBy(entry => entry.IsEnter && entry.Visit.Exit != entry.Visit.Enter ? 1 : 0);
        var inside = new List<Visit>();
        foreach (var (at, isEnter, visit) in events)
        {
            if (!isEnter)
            {
                inside.Remove(visit);
            }
            else if (visit.Exit > visit.Enter)
            {
                inside.Add(visit);
                Assert.False(
                    isWrong([.. inside.Select(other => other.Kind)]),
                    $"{what} at {at}: {string.Join(", ", inside)}");
            }
        }
    }

    private sealed record Visit(string Who, string Kind, long Enter, long Exit);
}
