using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>Counts what one pair takes, by the servers' own counters.</summary>
internal static class Requests
{
    private const int Pairs = 200;

    public static async Task<double> PerPairAsync(IServers servers, IPair pair)
    {
        var before = await servers.RequestsAsync();
        for (var i = 0; i < Pairs; i++)
        {
            await pair.RunAsync();
        }

        return (await servers.RequestsAsync() - before ?? 0) / (double)Pairs;
    }
}
