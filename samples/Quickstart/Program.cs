using System.Runtime.InteropServices;
using Coordination;
using Quickstart;

// Worker processes contend for a lock, share a semaphore and elect a leader; the leader is killed; a referee checks that nothing
// overlapped. Start reading at Worker.cs: that is what an application looks like. Scenario.cs is what happens, in order.
const int Passed = 0, Failed = 1, BadArguments = 2, Interrupted = 130;

if (args is [WorkerProcess.Command, .. var rest])
{
    return await WorkerProgram.RunAsync(rest);
}

if (!Arguments.TryParse(args, out var arguments, out var error))
{
    Console.Error.WriteLine(error);
    Console.Error.WriteLine();
    Console.Error.WriteLine(Arguments.Usage);
    return BadArguments;
}

if (arguments.Help)
{
    Console.WriteLine(Arguments.Usage);
    return Passed;
}

using var interrupted = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
try
{
    return await Scenario.RunAsync(arguments, interrupted.Token) ? Passed : Failed;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted: the workers were stopped.");
    return Interrupted;
}
catch (Exception exception) when (exception is CoordinationException or QuickstartException)
{
    Console.Error.WriteLine($"FAILED{(arguments.Server is { } server ? $" at {server.Split(',')[0]}" : "")}: {exception.Message}");
    return Failed;
}

// The program ends by itself, in order: children first.
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}
