using Coordination.Torture.Commands;
using Coordination.Torture.Real;
using Spectre.Console.Cli;

var app = new CommandApp<TortureCommand>();
app.Configure(static configuration =>
{
    configuration.SetApplicationName("Coordination.Torture");
    configuration.PropagateExceptions();
    configuration.UseStrictParsing();

    // The processes that a run starts; nobody else does.
    configuration.AddCommand<ClientCommand>("client").IsHidden();
    configuration.AddCommand<RegisterCommand>("register").IsHidden();
    configuration.AddCommand<SchedulesCommand>("schedules").IsHidden();
});

try
{
    return await app.RunAsync(args);
}
catch (Exception exception) when (exception is CommandAppException or UsageException)
{
    Console.Error.WriteLine($"{exception.Message}{Environment.NewLine}See --help.");
    return 2;
}
