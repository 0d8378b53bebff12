using Coordination.Torture.Reporting;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Coordination.Torture.Commands;

/// <summary>Runs, checks and reports. Exit code 0: no promise was broken; 1: one was; 2: it could not be run; 130: it was interrupted.</summary>
internal sealed class TortureCommand : AsyncCommand<TortureSettings>
{
    public override async Task<int> ExecuteAsync(CommandContext context, TortureSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Out is { } directory)
        {
            ReportFiles.Prepare(directory);
        }

        var seed = settings.Seed ?? Random.Shared.Next();
        if (settings.IsSimulated)
        {
            return await SimulateCommand.RunAsync(settings, seed, cancellationToken);
        }

        var (report, history) = await Real.Driver.RunAsync(settings, seed, cancellationToken);
        return await FinishAsync(settings, report, history);
    }

    public static async Task<int> FinishAsync(TortureSettings settings, Report report, Recording.History? history)
    {
        Screen.Show(AnsiConsole.Console, report);
        if (settings.Out is { } directory)
        {
            await ReportFiles.WriteAsync(directory, report, history);
        }

        return report.Violations.Count == 0 ? 0 : 1;
    }
}
