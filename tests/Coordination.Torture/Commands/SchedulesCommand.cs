using Coordination.Torture.Checking;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;
using Coordination.Torture.Simulation;
using Spectre.Console.Cli;

namespace Coordination.Torture.Commands;

/// <summary>One of the processes of a simulation: a line asks for a block of schedules, a line says what became of it.</summary>
internal sealed class SchedulesCommand : AsyncCommand<SchedulesCommand.Settings>
{
    public override async Task<int> ExecuteAsync(CommandContext context, Settings settings, CancellationToken cancellationToken)
    {
        // Whoever started it holds its standard input: it ends with them. Nothing else is done meanwhile, so that it may wait on the only thread there is.
        await Task.Yield();
        using var simulation = Simulation.Simulator.Of(settings.Backend, settings.Bug);
        while (Console.In.ReadLine() is { } line)
        {
            Console.Out.WriteLine((await RunAsync(simulation, Block.Parse(line), settings.Keep)).Write());
        }

        return 0;
    }

    private static async Task<BlockResult> RunAsync(Simulation.Simulator simulation, Block block, bool keep)
    {
        var tally = new Tally();
        var result = new BlockResult { Tally = tally };
        foreach (var seed in block.Seeds)
        {
            var history = new History(await simulation.RunAsync(seed));
            var violations = Checker.Check(history, simulation.Promises).Count;
            tally.Add(history);
            result = result with { Seed = seed, Violations = violations, Events = keep || violations > 0 ? history.Events : null };
            if (violations > 0)
            {
                break;
            }
        }

        return result;
    }

    internal sealed class Settings : CommandSettings
    {
        [CommandOption("--backend <BACKEND>")]
        public string Backend { get; init; } = "memory";

        [CommandOption("--bug <NAME>")]
        public string? Bug { get; init; }

        [CommandOption("--keep")]
        public bool Keep { get; init; }
    }
}
