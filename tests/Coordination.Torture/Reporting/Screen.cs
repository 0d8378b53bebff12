using System.Globalization;
using Coordination.Torture.Recording;
using Spectre.Console;

namespace Coordination.Torture.Reporting;

/// <summary>A report for the eye.</summary>
internal static class Screen
{
    private const int MostViolations = 5;

    public static void Show(IAnsiConsole console, Report report)
    {
        var settings = report.Settings;
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{settings.Peer ?? settings.Backend}[/], seed {settings.Seed}, {report.Took.TotalSeconds:0} s, {report.Schedules} histories");
        var table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumn(new TableColumn("").RightAligned()).HideHeaders();
        Row(table, "faults", report.FaultsInAll);
        foreach (var (kind, count) in report.Faults)
        {
            Row(table, "  " + kind, count);
        }

        Row(table, "operations", report.OperationsInAll);
        foreach (var (kind, count) in report.Operations)
        {
            Row(table, "  " + kind, count);
        }

        Row(table, "leases held", report.Acquisitions);
        Row(table, "fenced writes accepted", report.WritesAccepted);
        Row(table, "fenced writes refused", report.WritesRefused);
        Row(table, "inspections", report.Inspections);
        console.Write(table);
        Show(console, "hand-over after a release", report.HandOffs);
        Show(console, "take-over after a loss or a crash", report.Takeovers);
        ShowViolations(console, report);
    }

    private static void ShowViolations(IAnsiConsole console, Report report)
    {
        if (report.Violations.Count == 0)
        {
            console.MarkupLine("[green]no violation[/]");
            return;
        }

        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]{report.Violations.Count} violations[/]");
        foreach (var (seed, violation) in report.Violations.Take(MostViolations))
        {
            console.WriteLine();
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]seed {seed}: {violation.ToString()}[/]");
            foreach (var happened in violation.Around)
            {
                console.WriteLine("  " + EventLines.Write(happened));
            }
        }
    }

    private static void Row(Table table, string name, int count) =>
        table.AddRow(Markup.Escape(name), count.ToString("N0", CultureInfo.InvariantCulture));

    private static void Show(IAnsiConsole console, string name, Distribution times) => console.MarkupLineInterpolated(
        CultureInfo.InvariantCulture,
        $"{name}: {times.Count} times, median {times.Median.TotalMilliseconds:0.0} ms, 90 % {times.P90.TotalMilliseconds:0.0}, 99 % {times.P99.TotalMilliseconds:0.0}, most {times.Most.TotalMilliseconds:0.0}");
}
