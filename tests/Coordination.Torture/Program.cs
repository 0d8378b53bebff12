using Coordination.Torture.Commands;
using Spectre.Console.Cli;

var app = new CommandApp<TortureCommand>();
app.Configure(static configuration =>
{
    configuration.SetApplicationName("Coordination.Torture");
    configuration.PropagateExceptions();
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
