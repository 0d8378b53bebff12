using Coordination.Conformance;

namespace Coordination.Torture.Real;

/// <summary>What befalls clients and their ways to the servers, on every backend alike.</summary>
internal sealed class ClientFaults(Target target, Action<ClientProcess> died)
{
    public IReadOnlyList<TargetFault> All =>
    [
        new("client killed", 3, KillAsync),
        new("client stopped", 4, StopAsync),
        new("thread pool starved", 2, context => TellAsync(context, "starve", 0.5)),
        new("garbage collected", 1, context => TellAsync(context, "collect", 0.5)),
        new("wall clock set", 2, SetClockAsync),
        new("connections reset", 2, ResetAsync),
        new("connections cut", 3, CutAsync),
        new("half open: servers hear nothing", 2, context => HalfOpenAsync(context, toServer: true)),
        new("half open: client hears nothing", 2, context => HalfOpenAsync(context, toServer: false)),
        new("delay", 2, DelayAsync),
        new("reply lost", 3, LoseReplyAsync),
    ];

    private Task KillAsync(FaultContext context) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name);
        await client.KillAsync();
        client.IsDead = true;
        died(client);
    });

    // Longer than its lease, most of the time.
    private Task StopAsync(FaultContext context) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name, stops: client.Name);
        await client.SignalAsync("STOP");
        await Task.Delay(context.Takes * 1.5);
        await client.SignalAsync("CONT");
    });

    private Task TellAsync(FaultContext context, string ailment, double part) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name, stops: client.Name);
        await client.TellAsync(FormattableString.Invariant($"{ailment} {(int)(context.Takes * part).TotalMilliseconds}"));
        await Task.Delay(context.Takes * part);
    });

    private Task SetClockAsync(FaultContext context) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name);
        await client.TellAsync(FormattableString.Invariant($"wall {context.Random.Next(-3_600_000, 3_600_000)}"));
    });

    private Task ResetAsync(FaultContext context) => WithAsync(context, client =>
    {
        using var fault = context.Record(client.Name);
        Each(client, static way => way.Reset());
        return Task.CompletedTask;
    });

    private Task CutAsync(FaultContext context) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name);
        Each(client, static way => way.Pause());
        await Task.Delay(context.Takes);
        Each(client, static way => way.Resume());
    });

    // What was swallowed is missing in the stream: the connections cannot live on.
    private Task HalfOpenAsync(FaultContext context, bool toServer) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name);
        Each(client, way => (way.DropToServer, way.DropToClient) = (toServer, !toServer));
        await Task.Delay(context.Takes);
        Each(client, static way =>
        {
            way.Reset();
            (way.DropToServer, way.DropToClient) = (false, false);
        });
    });

    private Task DelayAsync(FaultContext context) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name);
        var delay = TimeSpan.FromMilliseconds(context.Random.Next(5, 250));
        Each(client, way => way.Delay = delay);
        await Task.Delay(context.Takes);
        Each(client, static way => way.Delay = TimeSpan.Zero);
    });

    private Task LoseReplyAsync(FaultContext context) => WithAsync(context, async client =>
    {
        using var fault = context.Record(client.Name);
        var losses = client.Ways.Select(way => way.LoseReplyOf(FaultProxy.Mentions("hot"), target.IsReply));
        await Task.WhenAny(Task.WhenAll(losses), Task.Delay(context.Takes));
    });

    private static void Each(ClientProcess client, Action<FaultProxy> act)
    {
        foreach (var way in client.Ways)
        {
            act(way);
        }
    }

    private static async Task WithAsync(FaultContext context, Func<ClientProcess, Task> act)
    {
        ClientProcess[] free = [.. context.Clients.Where(static client => !client.IsBusy && !client.IsDead)];
        if (free.Length == 0)
        {
            return;
        }

        var client = free[context.Random.Next(free.Length)];
        client.IsBusy = true;
        await act(client);
        client.IsBusy = false;
    }
}
