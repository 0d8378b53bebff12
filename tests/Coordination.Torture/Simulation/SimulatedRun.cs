using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>One schedule of the engine on the in-memory backend: who does what, and what befalls them. All of it follows from the seed.</summary>
internal static class SimulatedRun
{
    // Most schedules are as small as can be, a fault or two upon a few leases: many different beginnings find more than long middles. Some are longer, for what
    // takes one lease after another.
    private static readonly Scope[] Scopes =
    [
        .. Enumerable.Repeat(new Scope(TimeSpan.FromMilliseconds(250), Clients: 2, Workers: 1), 89),
        .. Enumerable.Repeat(new Scope(TimeSpan.FromMilliseconds(600), Clients: 2, Workers: 2), 10),
        new(TimeSpan.FromSeconds(3), Clients: 3, Workers: 4),
    ];

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

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
        var scope = Scopes[world.Random.Next(Scopes.Length)];
        for (var count = scope.Clients; count > 0; count--)
        {
            clients.Add(Start());
        }

        new SimulatedFaults(world, clients, Start).Schedule(scope.Faulty);
        Observe(world, end.Token);
        await world.RunUntilAsync(scope.Faulty);
        await BecomeQuietAsync(world, clients, end);
        await DrainAsync(world, clients);
        foreach (var resource in Resources.All)
        {
            world.Record(Look(world, resource.Name) with { IsFinal = true });
        }

        var disposal = Task.WhenAll(clients.Select(static client => client.DisposeAsync().AsTask()));
        for (var glances = 0; !disposal.IsCompleted && glances < Settings.OperationTimeout * 4 / Glance; glances++)
        {
            await world.RunUntilAsync(world.Now + Glance);
        }

        await disposal;
        return world.Events;

        SimulatedClient Start()
        {
            var client = new SimulatedClient(world, $"c{++started}", Settings, seeded);
            client.Work(scope.Workers, end.Token);
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

    /// <summary>
    /// Until all have given back what they had, nothing that was sent before is under way any more, and nothing is left: sessions that others share go on, so what is left in them stays. What
    /// is not over by the limit is judged as it is.
    /// </summary>
    private static async Task DrainAsync(SimulatedWorld world, List<SimulatedClient> clients)
    {
        var quiet = world.Now;
        await world.RunUntilAsync(quiet + SimulatedClient.LongestDelay(Settings) + Glance);
        while (world.Now < quiet + Promises.DrainLimit + (Settings.LeaseDuration * 1.1)
            && !(clients.All(static client => client.IsDone) && Resources.All.All(resource => IsEmpty(Look(world, resource.Name)))))
        {
            await world.RunUntilAsync(world.Now + Glance);
        }
    }

    private static bool IsEmpty(QueueSeen queue) => queue.Holders.Count + queue.Waiters.Count == 0;

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

    /// <summary>How large a schedule is.</summary>
    /// <param name="Faulty">How long there are faults.</param>
    /// <param name="Clients">How many clients there are.</param>
    /// <param name="Workers">How many workers each has.</param>
    private sealed record Scope(TimeSpan Faulty, int Clients, int Workers);
}
