using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>What uncontended pairs cost while one of several masters is frozen (SIGSTOP), against all alive.</summary>
/// <param name="AliveP50Microseconds">With all alive.</param>
/// <param name="FrozenP50Microseconds">With one frozen.</param>
/// <param name="FrozenP99Microseconds">The same.</param>
/// <param name="FrozenMaxMicroseconds">The longest, from the moment of freezing on.</param>
/// <param name="RatioOfMedians">Median of the rounds' ratios of the p50s.</param>
internal sealed record FrozenResult(
    double AliveP50Microseconds, double FrozenP50Microseconds, double FrozenP99Microseconds, double FrozenMaxMicroseconds, double RatioOfMedians);

/// <summary>Freezes a master and lets it go on, round after round, so that the machine's drift falls on both alike.</summary>
internal static class FrozenMaster
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    /// <summary>What has piled up for the master is worked off.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(1);

    public static async Task<FrozenResult> RunAsync(ServerProcess master, IPair pair, int rounds, Action<double> progress)
    {
        var (alive, frozen, ratios) = (new Latencies(), new Latencies(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            var before = await RunAsync(pair, Slice, alive);
            await master.FreezeAsync();
            try
            {
                ratios.Add(await RunAsync(pair, Slice, frozen) / before);
            }
            finally
            {
                await master.ResumeAsync();
            }

            await RunAsync(pair, Recovery, new Latencies());
            progress((double)round / rounds);
        }

        ratios.Sort();
        return new FrozenResult(
            alive.PercentileMicroseconds(50), frozen.PercentileMicroseconds(50), frozen.PercentileMicroseconds(99), frozen.MaxMicroseconds, ratios[ratios.Count / 2]);
    }

    /// <returns>The median.</returns>
    private static async Task<double> RunAsync(IPair pair, TimeSpan duration, Latencies all)
    {
        var mine = new Latencies();
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < duration;)
        {
            var start = Stopwatch.GetTimestamp();
            await pair.RunAsync();
            var took = Stopwatch.GetTimestamp() - start;
            mine.Record(took);
            all.Record(took);
        }

        return mine.PercentileMicroseconds(50);
    }
}
