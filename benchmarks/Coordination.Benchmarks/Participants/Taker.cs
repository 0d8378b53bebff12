using System.Diagnostics;
using Coordination.Benchmarks.Implementations;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of a hand-off run that takes over: told <c>take IMPLEMENTATION</c> it says <c>waiting</c>, waits for the lock, says
/// <c>entered MOMENT</c>, gives the lock back and says <c>released</c>.
/// </summary>
internal static class Taker
{
    public const string Role = "taker";

    public const string Resource = "benchmark/handed-over";

    public static async Task RunAsync()
    {
        var clients = new Dictionary<string, ILockClient>(StringComparer.Ordinal);
        foreach (var settings in Participant.ReadOrder<IReadOnlyList<ClientSettings>>())
        {
            clients.Add(settings.Implementation, await Implementation.ConnectAsync(settings));
        }

        Participant.Say("ready");
        while ((await Participant.ListenAsync())?.Split(' ') is ["take", var key])
        {
            var acquiring = clients[key].AcquireAsync(Resource, ClaimMode.Exclusive, CancellationToken.None);
            Participant.Say("waiting");
            var held = await acquiring;
            Participant.Say("entered", Stopwatch.GetTimestamp());
            await held.DisposeAsync();
            Participant.Say("released");
        }

        foreach (var client in clients.Values)
        {
            await client.DisposeAsync();
        }
    }
}
