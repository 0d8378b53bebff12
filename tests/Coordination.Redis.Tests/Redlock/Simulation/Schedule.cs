namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>One random schedule: who does what, and what befalls them. All of it follows from the seed.</summary>
internal static class Schedule
{
    public static TimeSpan Duration { get; } = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs a schedule.</summary>
    /// <param name="seed">Which.</param>
    /// <param name="scripts">Runs the scripts, as shipped or with a bug.</param>
    /// <param name="wrap">Puts a bug between a client and its master.</param>
    /// <param name="trouble">What happens to the masters; <see langword="null"/> for anything.</param>
    /// <param name="scope">How large it is; <see langword="null"/> for what the seed says: mostly small.</param>
    /// <returns>What happened.</returns>
    public static History Run(
        int seed,
        ScriptInterpreter scripts,
        Func<SimulatedNetwork, IRedlockMaster, IRedlockMaster>? wrap = null,
        Action<SimulatedNetwork, IReadOnlyList<SimulatedMaster>>? trouble = null,
        Scope? scope = null)
    {
        var network = new SimulatedNetwork(seed);
        var random = network.Random;
        scope ??= Scope.Draw(random);
        network.LossRate = random.Next(3) == 0 ? 0.05 * random.NextDouble() : 0;
        network.LateRate = random.Next(2) == 0 ? 0.08 * random.NextDouble() : 0;

        // A set that is new is admitted at once when its servers have been up for long, and otherwise when the longest lease is over.
        var isUp = scope != Scope.Long && random.Next(8) != 0;
        network.Begin = isUp ? TimeSpan.Zero : Longest;
        network.End = network.Begin + scope.Lasts;
        var history = new History(network);
        var masters = Enumerable.Range(0, random.Next(scope == Scope.Small ? 16 : 4) == 0 ? 5 : 3)
            .Select(number => new SimulatedMaster(network, scripts, number, isUp ? TimeSpan.FromSeconds(1 + random.Next(1000)) : TimeSpan.Zero)).ToArray();
        var clients = Enumerable.Range(0, random.Next(scope.Clients.From, scope.Clients.To + 1)).Select(number => new SimulatedClient(
            network,
            history,
            [.. masters.Select(master => (IRedlockMaster)new SimulatedLink(network, number, master)).Select(link => wrap is null ? link : wrap(network, link))],
            number,
            Duration,
            Longest)).ToArray();
        (string, ClaimMode, int)[] work = random.Next(4) switch
        {
            0 => [("lock", ClaimMode.Exclusive, 1)],
            1 => [("rw", ClaimMode.Exclusive, 1), ("rw", ClaimMode.Shared, 1), ("rw", ClaimMode.Shared, 1)],
            2 => [("permits", ClaimMode.Counted, scope == Scope.Small ? 1 : 2)],
            _ => [("lock", ClaimMode.Exclusive, 1), ("rw", ClaimMode.Exclusive, 1), ("rw", ClaimMode.Shared, 1), ("permits", ClaimMode.Counted, 3)],
        };
        foreach (var client in clients)
        {
            client.Peers = clients;
            client.Start(work, random.Next(scope.Workers.From, scope.Workers.To + 1));
        }

        var faults = new SimulatedFaults(network, history, masters, clients);
        if (trouble is not null)
        {
            trouble(network, masters);
            faults.BefallClients();
        }
        else if (scope.Faults is { } most)
        {
            faults.Befall(1 + random.Next(most));
        }
        else
        {
            faults.BefallMasters();
            faults.BefallClients();
        }

        network.Run();
        foreach (var client in clients)
        {
            client.Close();
        }

        return history;
    }
}
