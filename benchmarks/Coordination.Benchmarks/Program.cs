using System.Globalization;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Commands;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Spectre.Console.Cli;

try
{
    // A process that another run has started.
    if (args is [Participant.Argument, var role])
    {
        await Roles.RunAsync(role);
        return ExitCodes.Done;
    }

    var application = new CommandApp();
    application.Configure(static configuration =>
    {
        configuration.SetApplicationName("dotnet run -c Release --project benchmarks/Coordination.Benchmarks --");
        configuration.SetApplicationCulture(CultureInfo.InvariantCulture);
        configuration.UseStrictParsing();
        configuration.PropagateExceptions();
        configuration.AddCommand<ReportCommand>("report").WithExample("report", "quick");
        configuration.AddCommand<FiguresCommand>("figures");
        configuration.AddCommand<UncontendedCommand>("uncontended");
        configuration.AddCommand<ContentionCommand>("contention").WithExample("contention", "--backend", "redis,etcd", "--workers", "4,16,64", "--processes", "4");
        configuration.AddCommand<HandOffCommand>("handoff");
        configuration.AddCommand<FailoverCommand>("failover");
        configuration.AddCommand<LeaderCommand>("leader");
        configuration.AddCommand<ScaleCommand>("scale");
        configuration.AddCommand<MicroCommand>("micro");
        configuration.AddCommand<AllocationsCommand>("allocations");
    });
    return await application.RunAsync(args);
}
catch (Exception exception) when (exception is UsageException or CommandAppException)
{
    Console.Error.WriteLine($"{exception.Message}{Environment.NewLine}See --help.");
    return ExitCodes.Usage;
}
catch (Exception exception) when (UsageException.IsOfLoading(exception))
{
    Console.Error.WriteLine($"A package cannot be loaded: {exception.Message}{Environment.NewLine}Build again, or leave it out: contention, handoff, failover and scale take --implementation.");
    return ExitCodes.Usage;
}
catch (OverlapException exception)
{
    Console.Error.WriteLine(exception.Message);
    return ExitCodes.Violation;
}
catch (Exception exception)
{
    Console.Error.WriteLine(exception);
    return ExitCodes.Failure;
}
