using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Reporting;

/// <summary>Adds up what histories have.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _operations = new(StringComparer.Ordinal);
    private readonly List<TimeSpan> _takeovers = [];
    private readonly List<TimeSpan> _handOffs = [];
    private readonly List<FoundViolation> _violations = [];
    private int _acquisitions;
    private int _accepted;
    private int _refused;
    private int _inspections;

    public int Schedules { get; private set; }

    public IReadOnlyList<FoundViolation> Violations => _violations;

    public void Add(int seed, History history, IReadOnlyList<Violation> violations)
    {
        Schedules++;
        foreach (var fault in history.Faults)
        {
            _faults[fault.Kind] = _faults.GetValueOrDefault(fault.Kind) + 1;
        }

        foreach (var call in history.Calls)
        {
            var name = $"{call.Started.Operation}: {call.Outcome?.ToString() ?? "unknown"}";
            _operations[name] = _operations.GetValueOrDefault(name) + 1;
        }

        _acquisitions += history.Holds.Count;
        _accepted += history.Writes.Count(static write => write.IsAccepted);
        _refused += history.Writes.Count(static write => !write.IsAccepted);
        _inspections += history.Queues.Count;
        _violations.AddRange(violations.Select(violation => new FoundViolation(seed, violation)));
        AddSuccessions(history);
    }

    public Report ToReport(RunSettings settings, TimeSpan took) => new()
    {
        Settings = settings,
        Took = took,
        Schedules = Schedules,
        Faults = _faults,
        FaultsInAll = _faults.Values.Sum(),
        Operations = _operations,
        OperationsInAll = _operations.Values.Sum(),
        Acquisitions = _acquisitions,
        Takeovers = Distribution.Of(_takeovers),
        HandOffs = Distribution.Of(_handOffs),
        WritesAccepted = _accepted,
        WritesRefused = _refused,
        Inspections = _inspections,
        Violations = _violations,
    };

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
                    (before.How == HoldEnd.Released ? _handOffs : _takeovers).Add(hold.From - before.Until);
                }

                before = hold;
            }
        }
    }
}
