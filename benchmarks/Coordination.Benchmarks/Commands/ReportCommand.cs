using System.ComponentModel;
using System.Diagnostics;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("A named set of all that can be measured, as Markdown, JSON and charts.")]
internal sealed class ReportCommand : MeasuringCommand<ReportCommand.Settings>
{
    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var plan = ReportPlan.Find(settings.Set);
        foreach (var backend in plan.Backends)
        {
            Catalog.Choose(null, backend);
        }

        var directory = MakeDirectory(settings.Output);
        var start = Stopwatch.GetTimestamp();
        var servers = new Dictionary<Backend, IServers>();
        try
        {
            // All at once: new masters of Redlock are waited for, and idle servers cost nothing.
            await Task.WhenAll(plan.Backends.Select(async backend =>
            {
                var opened = await backend.OpenAsync(settings.Endpoints);
                lock (servers)
                {
                    servers.Add(backend, opened);
                }
            }));
            var run = new ReportRun(plan);
            foreach (var backend in plan.Backends)
            {
                report.Introduce(backend.Key, servers[backend].Description);
                await run.MeasureAsync(backend, servers[backend]);
            }

            var took = Stopwatch.GetElapsedTime(start);
            run.SaveTo(report, directory, took);
            await report.SaveAsync(Path.Combine(directory, "report.json"));
            Screen.Line($"{directory}: report.md, report.json and charts, after {took.TotalSeconds:0} s");
            return run.ExitCode;
        }
        finally
        {
            foreach (var one in servers.Values)
            {
                await one.DisposeAsync();
            }
        }
    }

    private static string MakeDirectory(string path)
    {
        try
        {
            return Directory.CreateDirectory(path).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--output {path} cannot be made: {exception.Message}");
        }
    }

    internal sealed class Settings : RunSettings
    {
        [CommandArgument(0, "<SET>")]
        [Description("quick (less than five minutes), full (about forty minutes), or smoke (some seconds, to see that it runs).")]
        public string Set { get; init; } = "";

        [CommandOption("--output <DIRECTORY>")]
        [Description("Where to.")]
        [DefaultValue("benchmark-report")]
        public string Output { get; init; } = "benchmark-report";
    }
}
