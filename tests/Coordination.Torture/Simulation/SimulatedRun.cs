using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>One schedule of the engine on the in-memory backend: who does what, and what befalls them. All of it follows from the seed.</summary>
internal static class SimulatedRun
{
    // Most schedules are short and small: many different beginnings find more than long middles. Some are long, for what takes several leases in a row.
    private const int LongOnesOf = 20;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    private static readonly WorkloadSettings Settings = new()
    {
        LeaseDuration = TimeSpan.FromMilliseconds(400),
        OperationTimeout = TimeSpan.FromMilliseconds(250),
        LongestHold = TimeSpan.FromMilliseconds(150),
        LongestPause = TimeSpan.FromMilliseconds(60),
        Look = TimeSpan.FromMilliseconds(12),
        HotOfTen = 8,
    };

    public static Promises Promises { get; } = new()
    {
        Duration = Settings.LeaseDuration,
        Slack = TimeSpan.FromMilliseconds(20),
        DrainLimit = (Settings.LeaseDuration * 3) + (Settings.OperationTimeout * 2),
    };

    /// <summary>Runs a schedule.</summary>
    /// <param name="seed">Which.</param>
    /// <param name="bug">What is wrong with it; <see langword="null"/> for nothing.</param>
    /// <returns>What happened.</returns>
    public static async Task<IReadOnlyList<Event>> RunAsync(int seed, string? bug = null)
    {
        SharedChance.Seed(seed);
        var world = new SimulatedWorld(seed);
        var seeded = bug is null ? null : SeededBug.Create(bug, world);
        using var end = new CancellationTokenSource();
        var clients = new List<SimulatedClient>();
        var started = 0;
        var isLong = world.Random.Next(LongOnesOf) == 0;
        var faulty = isLong ? Long : Short;
        var workers = 2 + (isLong ? world.Random.Next(3) : 0);
        for (var count = 2 + (isLong ? world.Random.Next(2) : 0); count > 0; count--)
        {
            clients.Add(Start());
        }

        new SimulatedFaults(world, clients, Start).Schedule(faulty);
        Observe(world, end.Token);
        await world.RunUntilAsync(faulty);
        await BecomeQuietAsync(world, clients, end);

        // Sessions that others share go on: what is left in them stays for ever.
        await world.RunUntilAsync(faulty + Promises.DrainLimit + (Settings.LeaseDuration * 1.1));
        foreach (var resource in Resources.All)
        {
            world.Record(Look(world, resource.Name) with { IsFinal = true });
        }

        var disposal = Task.WhenAll(clients.Select(static client => client.DisposeAsync().AsTask()));
        await world.RunUntilAsync(world.Now + Settings.OperationTimeout * 4);
        await disposal;
        return world.Events;

        SimulatedClient Start()
        {
            var client = new SimulatedClient(world, $"c{++started}", Settings, seeded);
            client.Work(workers, end.Token);
            return client;
        }
    }

    /// <summary>Looks at a queue, past all faults.</summary>
    public static QueueSeen Look(SimulatedWorld world, string resource)
    {
        var looked = world.Observer.InspectAsync(resource, holdersOnly: false, CancellationToken.None);
        var snapshot = looked.IsCompletedSuccessfully ? looked.Result : throw new InvalidOperationException("The server does not answer.");
        return new QueueSeen(
            world.Now,
            world.Now,
            resource,
            [.. snapshot.Holders.Select(static claim => new QueuedClaim(claim.Id, claim.Value))],
            [.. snapshot.Waiters.Select(static claim => new QueuedClaim(claim.Id, claim.Value))]);
    }

    private static async Task BecomeQuietAsync(SimulatedWorld world, List<SimulatedClient> clients, CancellationTokenSource end)
    {
        world.Server.Thaw();
        foreach (var client in clients.Where(static client => !client.IsDead))
        {
            client.TroubleRate = 0;
            client.Continue();
        }

        world.Record(new QuietBegan(world.Now));
        await end.CancelAsync();
    }

    private static void Observe(SimulatedWorld world, CancellationToken end) => world.After(TimeSpan.FromMilliseconds(50), () =>
    {
        foreach (var resource in world.Server.IsFrozen ? [] : Resources.Hot)
        {
            world.Record(Look(world, resource.Name));
        }

        if (!end.IsCancellationRequested)
        {
            Observe(world, end);
        }
    });
}
