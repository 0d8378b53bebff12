using System.Runtime.InteropServices;
using Coordination.Torture.Commands;
using Coordination.Torture.Real;
using Spectre.Console.Cli;

// Told to end (Ctrl+C, SIGTERM), a run ends the servers and processes that it started before it goes.
using var end = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
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
    return await app.RunAsync(args, end.Token);
}
catch (Exception exception) when (exception is CommandAppException or UsageException)
{
    Console.Error.WriteLine($"{exception.Message}{Environment.NewLine}See --help.");
    return 2;
}
catch (OperationCanceledException) when (end.IsCancellationRequested)
{
    return 130;
}

void End(PosixSignalContext signal)
{
    signal.Cancel = !end.IsCancellationRequested; // told twice, it goes at once
    end.Cancel();
}
