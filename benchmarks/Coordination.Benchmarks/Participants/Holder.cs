using Coordination.Benchmarks.Implementations;

namespace Coordination.Benchmarks.Participants;

/// <summary>
/// The side of a fail-over run that crashes: acquires, says <c>entered</c>, and holds until it is killed.
/// </summary>
internal static class Holder
{
    public const string Role = "holder";

    public static async Task RunAsync()
    {
        var (settings, resource) = Participant.ReadOrder<Order>();
        await using var client = await Implementation.ConnectAsync(settings);
        Participant.Say("ready");
        await using var held = await client.AcquireAsync(resource, ClaimMode.Exclusive, CancellationToken.None);
        Participant.Say("entered");
        await Participant.ListenAsync();
    }

    /// <summary>What it is told.</summary>
    /// <param name="Client">With what.</param>
    /// <param name="Resource">What it holds.</param>
    public sealed record Order(ClientSettings Client, string Resource);
}
