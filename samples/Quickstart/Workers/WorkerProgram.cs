using System.Runtime.InteropServices;
using Coordination;

namespace Quickstart;

/// <summary>The main program of a worker process: events go out on stdout, commands come in on stdin.</summary>
internal static class WorkerProgram
{
    public const string Resign = "resign";
    public const string Stop = "stop";
    private static readonly TimeSpan PatienceWithoutParent = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var name, var option, var server, var prefix, var sabotage] || ServerBackend.Find(option) is not { } backend)
        {
            Console.Error.WriteLine("worker is for this program's own use.");
            return 2;
        }

        // A terminal sends Ctrl+C to all processes; the parent then says stop, and this one leaves in order.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
        using var stop = new CancellationTokenSource();
        try
        {
            await using (var coordinator = new Coordinator(backend.Connect(server, prefix), Setting.For(name)))
            {
                var worker = new Worker(name, bool.Parse(sabotage) ? new Saboteur(name) : coordinator, Tell);
                _ = Task.Run(() => Obey(worker, stop), CancellationToken.None);
                await worker.RunAsync(stop.Token);
            }
        }
        catch (CoordinationException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }

        Tell(WorkerEvent.Now(name, EventKind.Stopped));
        return 0;
    }

    private static void Tell(WorkerEvent happened) => Console.WriteLine(happened.ToLine());

    private static void Obey(Worker worker, CancellationTokenSource stop)
    {
        while (true)
        {
            switch (Console.ReadLine())
            {
                case Resign:
                    worker.Resign();
                    break;
                case Stop:
                    stop.Cancel();
                    break;
                case null:
                    // The parent is gone, and perhaps the server with it: do not outlive it by much.
                    stop.Cancel();
                    _ = Task.Delay(PatienceWithoutParent).ContinueWith(static _ => Environment.Exit(3), TaskScheduler.Default);
                    return;
            }
        }
    }
}
