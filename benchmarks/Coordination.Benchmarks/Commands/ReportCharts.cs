using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting.Charts;
using Coordination.Benchmarks.Scenarios;
using ScottPlot;

namespace Coordination.Benchmarks.Commands;

/// <summary>The charts of a report.</summary>
internal static class ReportCharts
{
    /// <summary>Draws and saves them.</summary>
    /// <returns>Their titles and files.</returns>
    public static IReadOnlyList<(string Title, string File)> Draw(string directory, IReadOnlyList<ContentionRun> contention, IReadOnlyList<HandOffRun> handOffs)
    {
        var charts = new List<(string, string)>();
        if (handOffs.Count > 0)
        {
            Save("Hand-off between processes", "hand-off", HandOffChart.Draw(handOffs));
        }

        foreach (var runs in contention.Where(static run => run.Settings is { Primitive: Primitive.Lock, Processes: 1, PauseMilliseconds: 0 }).GroupBy(static run => run.Backend))
        {
            var name = runs.First().Results[0].Backend;
            var widest = runs.MaxBy(static run => (run.Settings.Workers == 16, run.Settings.Workers))!;
            Save($"{name}: waits", $"waits-{runs.Key}", ContentionCharts.Latency(name, widest.Settings.Workers, widest.Results));
            List<(int, ContentionResult)> sweep = [.. runs.SelectMany(static run => run.Results.Select(result => (run.Settings.Workers, result)))];
            Save($"{name}: throughput", $"throughput-{runs.Key}", ContentionCharts.Throughput(name, sweep));
            Save($"{name}: fairness", $"fairness-{runs.Key}", ContentionCharts.Fairness(name, sweep));
            if (sweep.Exists(static one => one.Item1 > 1 && one.Item2.RequestsPerAcquisition is not null))
            {
                Save($"{name}: requests", $"requests-{runs.Key}", ContentionCharts.Requests(name, sweep));
            }
        }

        return charts;

        void Save(string title, string file, Plot plot) => charts.Add((title, plot.Save(directory, file)));
    }
}
