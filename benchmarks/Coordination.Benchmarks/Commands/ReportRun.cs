using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>One run of a report: measures backend by backend, keeps the results, and writes them.</summary>
/// <param name="plan">What to run.</param>
internal sealed class ReportRun(ReportPlan plan)
{
    private readonly Dictionary<string, IReadOnlyList<UncontendedResult>> _uncontended = new(StringComparer.Ordinal);
    private readonly List<ContentionRun> _contention = [];
    private readonly List<HandOffRun> _handOffs = [];
    private readonly List<FailoverResult> _failovers = [];
    private readonly List<TakeOverResult> _takeOvers = [];
    private readonly Dictionary<string, IReadOnlyList<ScaleResult>> _leases = new(StringComparer.Ordinal);
    private readonly List<(string Section, Table Table)> _tables = [];

    private readonly List<string> _failures = [];

    /// <summary>Not zero when two held at once, or when something could not be measured.</summary>
    public int ExitCode => ContentionCommand.ExitCode(_contention.SelectMany(static run => run.Results)) is not ExitCodes.Done and var violation ? violation
        : _failures.Count > 0 ? ExitCodes.Failure : ExitCodes.Done;

    public async Task MeasureAsync(Backend backend, IServers servers)
    {
        await StepAsync($"{backend.Name}, without contention", async () =>
        {
            var uncontended = await UncontendedCommand.MeasureAsync(backend, servers, plan.UncontendedSeconds);
            _uncontended.Add(backend.Key, uncontended);
            Keep("Without contention", UncontendedCommand.Show(backend, uncontended));
        });
        foreach (var workers in plan.ContendersOn(backend))
        {
            // The raw floor polls; it is shown once, as what a queue is compared to.
            await StepAsync(
                $"{backend.Name}, {workers} workers",
                () => ContendAsync(backend, servers, plan.Settings(workers), withRaw: workers == 16 || plan.ContendersOn(backend).Count == 1));
        }

        foreach (var variation in plan.VariationsOn(backend))
        {
            await StepAsync($"{backend.Name}, {variation}", () => ContendAsync(backend, servers, variation, withRaw: false));
        }

        if (backend.Store != Store.InMemory)
        {
            await StepAsync($"{backend.Name}, hand-off and fail-over", () => PassOnAsync(backend, servers));
        }

        if (plan.HoldsLeasesOn(backend))
        {
            await StepAsync($"{backend.Name}, many leases", async () =>
            {
                var leases = await ScaleCommand.MeasureAsync(backend, servers, plan.Leases);
                _leases.Add(backend.Key, leases);
                Keep("Many leases", ScaleCommand.Show(backend, leases));
            });
        }
    }

    /// <summary>Writes report.md and the charts, and adds the results to what becomes report.json.</summary>
    public void SaveTo(Report report, string directory, TimeSpan took)
    {
        var charts = ReportCharts.Draw(directory, _contention, _handOffs);
        report.Add("set", plan.Name);
        report.Add("seconds", took.TotalSeconds);
        report.Add("uncontended", _uncontended);
        report.Add("contention", _contention);
        report.Add("handoff", _handOffs);
        report.Add("failover", _failovers);
        report.Add("leader", _takeOvers);
        report.Add("leases", _leases);
        report.Add("failures", _failures);
        report.Add("charts", charts.Select(static chart => chart.File).ToList());

        var text = new MarkdownReport();
        text.Heading($"Coordination: benchmark report, {plan.Name}", 1);
        text.Paragraph("Compare ratios within this report: absolute figures drift from run to run. docs/benchmarks.md says how each was measured.");
        text.List([.. report.Environment.Lines(), .. report.Servers.Values, $"took {took.TotalSeconds:0} s"]);
        if (_failures.Count > 0)
        {
            text.Paragraph("**Not everything could be measured:**");
            text.List(_failures);
        }

        if (ExitCode == ExitCodes.Violation)
        {
            text.Paragraph("**Two held at once in this run: it is a failure, and its figures say nothing.**");
        }

        text.Heading("Charts");
        foreach (var (title, file) in charts)
        {
            text.Chart(title, file);
        }

        foreach (var section in _tables.GroupBy(static one => one.Section))
        {
            text.Heading(section.Key);
            foreach (var (_, table) in section)
            {
                text.Add(table);
            }
        }

        File.WriteAllText(Path.Combine(directory, "report.md"), text.ToString());
    }

    /// <summary>What cannot be measured, on a machine that is too busy for it, does not take the rest along. Two that held at once end the run.</summary>
    private async Task StepAsync(string what, Func<Task> measure)
    {
        try
        {
            await measure();
        }
        catch (Exception exception) when (exception is not OverlapException && !UsageException.IsOfLoading(exception))
        {
            _failures.Add($"{what}: {exception.Message}");
            Screen.Line($"FAILED {_failures[^1]}");
        }
    }

    private async Task ContendAsync(Backend backend, IServers servers, ContentionSettings settings, bool withRaw)
    {
        var implementations = Catalog.Choose(null, backend, settings.Primitive)
            .Where(one => withRaw || one != Catalog.Raw || backend.Store is Store.ZooKeeper or Store.InMemory).ToList();
        var results = await ContentionCommand.MeasureAsync(backend, servers, implementations, settings);
        _contention.Add(new ContentionRun(backend.Key, settings, results));
        Keep("Contention", ContentionCommand.Show(backend, settings, results));
    }

    /// <summary>To another process, by a release and by a crash.</summary>
    private async Task PassOnAsync(Backend backend, IServers servers)
    {
        var handOff = await HandOffCommand.MeasureAsync(backend, servers, Catalog.Choose(null, backend), plan.HandOffRounds);
        _handOffs.Add(handOff);
        Keep("Hand-off", HandOffCommand.Show(handOff));
        var lease = ReportPlan.LeaseSecondsOn(backend);
        if (plan.Crashes > 0)
        {
            var failover = await FailoverCommand.MeasureAsync(backend, servers, FailoverCommand.WhoRenew(Catalog.Choose(null, backend)), lease, plan.Crashes);
            _failovers.AddRange(failover);
            Keep("Fail-over", FailoverCommand.Show(failover));
        }

        var takeOver = await LeaderCommand.MeasureAsync(backend, servers, lease, plan.Resignations, plan.CrashesOfLeaders);
        _takeOvers.AddRange(takeOver);
        Keep("Elections", LeaderCommand.Show(takeOver));
    }

    private void Keep(string section, Table table) => _tables.Add((section, table));
}

/// <summary>One contest.</summary>
/// <param name="Backend">On what.</param>
/// <param name="Settings">How.</param>
/// <param name="Results">By implementation.</param>
internal sealed record ContentionRun(string Backend, ContentionSettings Settings, IReadOnlyList<ContentionResult> Results);
