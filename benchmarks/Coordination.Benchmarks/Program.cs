using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Commands;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;

Command[] commands =
    [new FiguresCommand(), new UncontendedCommand(), new ContentionCommand(), new HandOffCommand(), new ScaleCommand(), new MicroCommand(), new AllocationsCommand()];

try
{
    var name = args.FirstOrDefault() ?? "--help";
    var arguments = new Arguments(args.Skip(1));
    if (name is "--help" or "-h" or "help" || arguments.Flag("--help"))
    {
        ShowHelp();
        return 0;
    }

    return name switch
    {
        Contestant.Name => await Contestant.RunAsync(arguments),
        Taker.Name => await Taker.RunAsync(arguments),
        _ => await (commands.FirstOrDefault(command => command.Name == name)
            ?? throw new UsageException($"Unknown command: '{name}'.")).RunAsync(arguments),
    };
}
catch (UsageException exception)
{
    Console.Error.WriteLine($"{exception.Message}{Environment.NewLine}See --help.");
    return 2;
}
catch (OverlapException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}

void ShowHelp()
{
    Console.WriteLine("dotnet run -c Release --project benchmarks/Coordination.Benchmarks -- COMMAND [options]");
    foreach (var command in commands)
    {
        Console.WriteLine();
        Console.WriteLine($"  {command.Name,-12} {command.Summary}");
        foreach (var (option, meaning) in command.Options)
        {
            Console.WriteLine($"      {option,-22} {meaning}");
        }
    }

    Console.WriteLine();
    Console.WriteLine("  With every command:");
    Console.WriteLine($"      {"--redis host:port",-22} a server of yours; without it redis-server is started from PATH, on a free loopback port");
    Console.WriteLine($"      {"--json FILE",-22} the results for other programs");
    Console.WriteLine();
    Console.WriteLine("  Exit codes: 0 done, 1 two held a lock at once, 2 bad options or no server.");
}
