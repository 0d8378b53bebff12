using System.Diagnostics;
using Coordination.Benchmarks.Implementations;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of an election run that leads first: told <c>campaign</c> it waits to be elected and says <c>leading</c>; told <c>resign</c> it says <c>resigned MOMENT</c>, when it
/// began to. Or it is killed.
/// </summary>
internal static class Candidate
{
    public const string Role = "candidate";

    public static async Task RunAsync()
    {
        var (settings, election) = Participant.ReadOrder<Order>();
        await using var client = await ElectionCatalog.ConnectAsync(settings);
        Participant.Say("ready");
        while (await Participant.ListenAsync() == "campaign")
        {
            var leadership = await client.CampaignAsync(election, "candidate", CancellationToken.None);
            Participant.Say("leading");
            if (await Participant.ListenAsync() != "resign")
            {
                return;
            }

            var began = Stopwatch.GetTimestamp();
            await leadership.DisposeAsync();
            Participant.Say("resigned", began);
        }
    }

    /// <summary>What it is told.</summary>
    /// <param name="Client">With what.</param>
    /// <param name="Election">In which election.</param>
    public sealed record Order(ClientSettings Client, string Election);
}
