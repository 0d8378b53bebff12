using System.Globalization;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>One random schedule: who does what, and what befalls them. All of it follows from the seed.</summary>
internal static class Schedule
{
    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs a schedule.</summary>
    /// <param name="seed">Which.</param>
    /// <param name="scripts">Runs the scripts, as shipped or with a bug.</param>
    /// <param name="wrap">Puts a bug between a client and its master.</param>
    /// <param name="trouble">What happens to the masters; <see langword="null"/> for anything.</param>
    /// <param name="seen">Is given the history, for another checker.</param>
    /// <returns>What was wrong, and how much was done.</returns>
    public static (IReadOnlyList<string> Violations, int Grants, int Attached) Run(
        int seed, ScriptInterpreter scripts, Func<SimulatedNetwork, IRedlockMaster, IRedlockMaster>? wrap = null, Action<SimulatedNetwork, IReadOnlyList<SimulatedMaster>>? trouble = null, Action<History>? seen = null)
    {
        var network = new SimulatedNetwork(seed);
        var random = network.Random;
        var end = TimeSpan.FromSeconds(1.8);
        network.LossRate = random.Next(3) == 0 ? 0.05 * random.NextDouble() : 0;
        network.LateRate = random.Next(2) == 0 ? 0.08 * random.NextDouble() : 0;
        var history = new History(network);
        var masters = Enumerable.Range(0, random.Next(4) == 0 ? 5 : 3).Select(number => new SimulatedMaster(network, scripts, number)).ToArray();
        var clients = Enumerable.Range(0, 2 + random.Next(3)).Select(number => new SimulatedClient(
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
            2 => [("permits", ClaimMode.Counted, 2)],
            _ => [("lock", ClaimMode.Exclusive, 1), ("rw", ClaimMode.Exclusive, 1), ("rw", ClaimMode.Shared, 1), ("permits", ClaimMode.Counted, 3)],
        };
        foreach (var client in clients)
        {
            client.Peers = clients;
            client.Start(work, 1 + random.Next(3));
        }

        if (trouble is not null)
        {
            trouble(network, masters);
        }
        else
        {
            // One only: that a majority must not be flushed under running clients stands in the documentation.
            var flushed = random.Next(masters.Length);

            // The tokens of a set that has forgotten everything rest on its clocks, as the documentation says, and these must not have been set back. So all may forget, or clocks may be set back.
            var remembers = random.Next(3) == 0 ? -1 : random.Next(masters.Length);
            foreach (var master in masters)
            {
                Trouble(network, master, end, mayForget: master.Number != remembers, mayBeFlushed: master.Number == flushed && flushed != remembers, mayStepBack: remembers >= 0);
            }
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            var way = (random.Next(clients.Length), random.Next(masters.Length));
            var from = Moment(network, end);
            network.After(from, () => network.Cut.Add(way));
            network.After(from + TimeSpan.FromMilliseconds(random.Next(600)), () => network.Cut.Remove(way));
        }

        if (random.Next(3) == 0)
        {
            network.After(Moment(network, end), clients[0].Die);
        }

        network.Run(end);
        foreach (var client in clients)
        {
            client.Close();
        }

        seen?.Invoke(history);
        return ([.. history.Violations.Select(violation => string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {violation}"))], history.Grants, history.Attached);
    }

    private static TimeSpan Moment(SimulatedNetwork network, TimeSpan end) => end * (0.25 + (0.65 * network.Random.NextDouble()));

    // Crashes with all, some or none of the data; freezes; a flush; a clock that is set back. A master is hit rarely enough for a majority to be left
    // most of the time: a set that does nothing makes no mistakes.
    private static void Trouble(SimulatedNetwork network, SimulatedMaster master, TimeSpan end, bool mayForget, bool mayBeFlushed, bool mayStepBack)
    {
        var random = network.Random;
        network.After(end * random.NextDouble(), master.Server.Save);
        for (var i = random.Next(3); i > 0; i--)
        {
            var at = Moment(network, end);
            var takes = TimeSpan.FromMilliseconds(random.Next(400));
            switch (random.Next(8))
            {
                case 0 or 1 or 2:
                    var memory = mayForget ? random.Next(3) : 2;
                    network.After(at, master.Crash);
                    network.After(at + takes, () => master.Restart(memory));
                    break;
                case 3 or 4:
                    network.After(at, master.Freeze);
                    network.After(at + takes, master.Thaw);
                    break;
                case 5 when mayBeFlushed:
                    network.After(at, master.Server.Flush);
                    break;
                default:
                    if (!mayStepBack)
                    {
                        continue;
                    }

                    network.After(at, () => master.StepClock(TimeSpan.FromMilliseconds(-random.Next(5000))));
                    break;
            }
        }
    }
}
