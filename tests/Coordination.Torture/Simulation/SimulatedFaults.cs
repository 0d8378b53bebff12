using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>What befalls a simulated world, drawn from its seed.</summary>
internal sealed class SimulatedFaults(SimulatedWorld world, List<SimulatedClient> clients, Func<SimulatedClient> startAnother)
{
    /// <summary>Draws faults until a moment, several at a time now and then; all are over by then.</summary>
    public void Schedule(TimeSpan until)
    {
        var random = world.Random;
        for (var at = TimeSpan.FromMilliseconds(50 + random.Next(200)); at < until * 0.9; at += TimeSpan.FromMilliseconds(random.Next(350)))
        {
            var takes = clients[0].Settings.LeaseDuration * (0.1 + (random.NextDouble() * 1.6));
            takes = at + takes < until ? takes : until - at;
            world.After(at, () => Inject(takes));
        }
    }

    private void Inject(TimeSpan takes)
    {
        var random = world.Random;
        SimulatedClient[] living = [.. clients.Where(static client => !client.IsDead && !client.IsStopped)];
        var client = living.Length == 0 ? null : living[random.Next(living.Length)];
        switch (random.Next(14))
        {
            case 0 when client is not null:
                Record("client killed", client.Name);
                client.Kill();
                clients.Add(startAnother());
                break;
            case 1 or 2 or 3 when client is not null:
                Record("client stopped", client.Name, takes, stops: client.Name);
                client.Stop();
                world.After(takes, client.Continue);
                break;
            case 4 when client is not null:
                Record("timers starved", client.Name, takes, stops: client.Name);
                client.Starve();
                world.After(takes, client.Continue);
                break;
            case 5 or 6 when client is not null:
                Record("connection cut", client.Name, takes);
                client.Connection.Disconnect(isBreakSeen: random.Next(2) == 0);
                world.After(takes, () => Reconnect(client));
                break;
            case 7 when client is not null:
                Record("messages late, lost and doubled", client.Name, takes);
                client.TroubleRate = 0.3;
                world.After(takes, () => client.TroubleRate = 0);
                break;
            case 8:
                Record("server frozen", "server", takes / 2);
                world.Server.Freeze();
                world.After(takes / 2, world.Server.Thaw);
                break;
            case 9:
                Record("server restarted", "server");
                world.Server.Restart();
                break;
            case 10 when random.Next(3) == 0:
                Record("server restarted without data", "server", voidsClient: "*");
                world.Server.ExpireSessions();
                break;
            case 11 when client is not null:
                Record("sessions expired", client.Name, voidsClient: client.Name);
                world.Server.ExpireSessions(client.Connection);
                break;
            case 12:
                RemoveClaim();
                break;
            case 13 when client is not null:
                Record("wall clock set", client.Name);
                client.SetWallClock(TimeSpan.FromSeconds(random.Next(-5000, 5000)));
                break;
        }
    }

    private static void Reconnect(SimulatedClient client)
    {
        if (!client.IsDead && !client.IsStopped)
        {
            client.Connection.Reconnect();
        }
    }

    private void RemoveClaim()
    {
        var resource = Resources.Hot[world.Random.Next(Resources.Hot.Count)].Name;
        if (!world.Server.IsFrozen && SimulatedRun.Look(world, resource) is { Holders: [var holder, ..] })
        {
            Record("claim removed by hand", resource, voidsClaim: holder.Id);
            world.Server.RemoveClaim(resource, holder.Id);
        }
    }

    private void Record(string kind, string target, TimeSpan takes = default, string? stops = null, string? voidsClient = null, string? voidsClaim = null) =>
        world.Record(new FaultInjected(world.Now, world.Now + takes, kind, target, stops, voidsClient, voidsClaim));
}
