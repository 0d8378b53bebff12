using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Participants;

/// <summary>What a participating process can do.</summary>
internal static class Roles
{
    public static Task RunAsync(string role) => role switch
    {
        Contestant.Role => Contestant.RunAsync(),
        Taker.Role => Taker.RunAsync(),
        Holder.Role => Holder.RunAsync(),
        Candidate.Role => Candidate.RunAsync(),
        Relay.Role => Relay.RunAsync(),
        _ => throw new UsageException($"Unknown role: '{role}'."),
    };
}
