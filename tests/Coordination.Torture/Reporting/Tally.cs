using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Reporting;

/// <summary>Adds up what histories have. It can be written down by one process and added by another.</summary>
internal sealed class Tally
{
    public SortedDictionary<string, int> Faults { get; init; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, int> Operations { get; init; } = new(StringComparer.Ordinal);

    public List<TimeSpan> Takeovers { get; init; } = [];

    public List<TimeSpan> HandOffs { get; init; } = [];

    public int Schedules { get; set; }

    public int Acquisitions { get; set; }

    public int Accepted { get; set; }

    public int Refused { get; set; }

    public int Inspections { get; set; }

    public void Add(History history)
    {
        Schedules++;
        foreach (var fault in history.Faults)
        {
            Increase(Faults, fault.Kind, 1);
        }

        foreach (var call in history.Calls)
        {
            Increase(Operations, $"{call.Started.Operation}: {call.Outcome?.ToString() ?? "unknown"}", 1);
        }

        Acquisitions += history.Holds.Count;
        Accepted += history.Writes.Count(static write => write.IsAccepted);
        Refused += history.Writes.Count(static write => !write.IsAccepted);
        Inspections += history.Queues.Count;
        AddSuccessions(history);
    }

    public void Add(Tally other)
    {
        Schedules += other.Schedules;
        foreach (var (kind, count) in other.Faults)
        {
            Increase(Faults, kind, count);
        }

        foreach (var (name, count) in other.Operations)
        {
            Increase(Operations, name, count);
        }

        Takeovers.AddRange(other.Takeovers);
        HandOffs.AddRange(other.HandOffs);
        Acquisitions += other.Acquisitions;
        Accepted += other.Accepted;
        Refused += other.Refused;
        Inspections += other.Inspections;
    }

    public Report ToReport(RunSettings settings, TimeSpan took, int seed, IEnumerable<Violation> violations) => new()
    {
        Settings = settings,
        Took = took,
        Schedules = Schedules,
        Faults = Faults,
        FaultsInAll = Faults.Values.Sum(),
        Operations = Operations,
        OperationsInAll = Operations.Values.Sum(),
        Acquisitions = Acquisitions,
        Takeovers = Distribution.Of(Takeovers),
        HandOffs = Distribution.Of(HandOffs),
        WritesAccepted = Accepted,
        WritesRefused = Refused,
        Inspections = Inspections,
        Violations = [.. violations.Select(violation => new FoundViolation(seed, violation))],
    };

    private static void Increase(SortedDictionary<string, int> counts, string name, int count) => counts[name] = counts.GetValueOrDefault(name) + count;

    // Of leases that exclude each other: how long after one ended the next began, where the next had been waiting.
    private void AddSuccessions(History history)
    {
        foreach (var holds in history.Holds.Where(static hold => hold.Mode == ClaimMode.Exclusive).GroupBy(static hold => hold.Resource))
        {
            Hold? before = null;
            foreach (var hold in holds.OrderBy(static hold => hold.From))
            {
                if (before is not null && hold.From >= before.Until && hold.Call.At < before.Until && hold.Call.Operation != Operation.Attach)
                {
                    (before.How == HoldEnd.Released ? HandOffs : Takeovers).Add(hold.From - before.Until);
                }

                before = hold;
            }
        }
    }
}
