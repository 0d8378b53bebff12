using System.Globalization;
using Spectre.Console.Cli;

namespace Coordination.Torture.Real;

/// <summary>One of the processes that fight: workers on one coordinator, which do what the lines of standard input say.</summary>
internal sealed class ClientCommand : AsyncCommand<ClientCommand.Settings>
{
    public override async Task<int> ExecuteAsync(CommandContext context, Settings settings, CancellationToken cancellationToken)
    {
        var recorder = new LineRecorder(new SharedClock(settings.Origin));
        var random = new Random(settings.Seed);
        var clock = new SkewedTime(TimeProvider.System, 1 + ((random.NextDouble() - 0.5) * 0.012), TimeSpan.FromSeconds(random.Next(1000)));
        var workload = TargetTimes.Of(settings.Backend).Workload with { IsLocksOnly = settings.Peer is not null };
        ICoordinator coordinator = settings.Peer is { } peer
            ? await Peers.PeerCoordinator.ConnectAsync(peer, settings.Endpoints, workload)
            : new Coordinator(BackendFactory.Create(settings.Backend, settings.Endpoints), workload.ToOptions(settings.Name), clock);
        var ailments = new Ailments(settings, coordinator, clock, recorder);
        using var end = new CancellationTokenSource();
        var register = new RegisterClient(settings.Register);
        var working = Task.WhenAll(Enumerable.Range(0, settings.Workers).Select(number => Task.Run(() =>
            new Worker($"{settings.Name}/{number}", settings.Name, coordinator, workload, register, recorder, clock, new Random(HashCode.Combine(settings.Seed, number))).RunAsync(end.Token))));

        // A thread of its own: it must hear also when the pool has none left.
        var quit = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Listen(ailments, end, quit)) { IsBackground = true, Name = "commands" }.Start();
        await Task.WhenAny(quit.Task, working.ContinueWith(static done => done.IsFaulted ? done : Task.Delay(Timeout.Infinite), TaskScheduler.Default).Unwrap());
        if (working.IsFaulted)
        {
            await Console.Error.WriteLineAsync(working.Exception.ToString());
            return 3;
        }

        await ((IAsyncDisposable)coordinator).DisposeAsync();
        return 0;
    }

    private static void Listen(Ailments ailments, CancellationTokenSource end, TaskCompletionSource quit)
    {
        while (Console.In.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["end"]:
                    _ = end.CancelAsync();
                    break;
                case ["quit"]:
                    quit.TrySetResult();
                    return;
                case [var ailment, var milliseconds]:
                    ailments.Suffer(ailment, TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture)));
                    break;
            }
        }

        Environment.Exit(4); // the driver is gone
    }

    internal sealed class Settings : CommandSettings
    {
        [CommandOption("--origin <TIMESTAMP>")]
        public long Origin { get; init; }

        [CommandOption("--backend <BACKEND>")]
        public string Backend { get; init; } = "";

        [CommandOption("--endpoints <ENDPOINTS>")]
        public string Endpoints { get; init; } = "";

        [CommandOption("--name <NAME>")]
        public string Name { get; init; } = "";

        [CommandOption("--seed <SEED>")]
        public int Seed { get; init; }

        [CommandOption("--workers <COUNT>")]
        public int Workers { get; init; }

        [CommandOption("--register <PORT>")]
        public int Register { get; init; }

        [CommandOption("--peer <LIBRARY>")]
        public string? Peer { get; init; }
    }
}
