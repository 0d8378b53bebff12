using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>One thing that the runner can do.</summary>
internal abstract class Command
{
    public abstract string Name { get; }

    public abstract string Summary { get; }

    /// <summary>Its own options, one a line: name, value, meaning.</summary>
    public virtual IReadOnlyList<(string Option, string Meaning)> Options => [];

    public virtual async Task<int> RunAsync(Arguments arguments)
    {
        var redis = arguments.Text("--redis");
        var report = new Report(arguments.Text("--json"));
        var run = Read(arguments);
        arguments.ThrowIfAnyIsLeft();

        await using var target = await RedisTarget.OpenAsync(redis);
        Introduce(report, target.Description);
        var exitCode = await run(target, report);
        await report.SaveAsync();
        return exitCode;
    }

    /// <summary>Says on what is measured.</summary>
    protected static void Introduce(Report report, string server)
    {
        report.Environment = RunEnvironment.Capture(server);
        foreach (var line in report.Environment.Lines())
        {
            Screen.Line(line);
        }
    }

    /// <summary>Reads the command's own options, all of them before anything is started, and returns what is then to be done.</summary>
    protected abstract Func<RedisTarget, Report, Task<int>> Read(Arguments arguments);
}
