using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

/// <summary>A command that measures, shows and saves.</summary>
internal abstract class MeasuringCommand<TSettings> : AsyncCommand<TSettings>
    where TSettings : RunSettings
{
    public sealed override async Task<int> ExecuteAsync(CommandContext context, TSettings settings, CancellationToken cancellationToken)
    {
        var report = new Report(context.Name);
        report.CheckFile(settings.Json);
        var exitCode = await RunAsync(settings, report);
        await report.SaveAsync(settings.Json);
        return exitCode;
    }

    /// <summary>Reads all options before anything is started.</summary>
    /// <returns>The exit code.</returns>
    protected abstract Task<int> RunAsync(TSettings settings, Report report);

    /// <summary>Starts servers, and says on what is measured.</summary>
    protected static async Task<IServers> OpenAsync(Backend backend, RunSettings settings, Report report)
    {
        var servers = await backend.OpenAsync(settings.Endpoints);
        report.Introduce(backend.Key, servers.Description);
        return servers;
    }
}
