using System.Diagnostics;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>How long a lock of a process that was killed stayed away from the next.</summary>
/// <param name="Backend">On what.</param>
/// <param name="Implementation">Which.</param>
/// <param name="LeaseSeconds">How long a lease lives, that is the expiry or the session's time-out.</param>
/// <param name="Crashes">How many.</param>
/// <param name="MeanSeconds">From the kill to the next holder.</param>
/// <param name="MinSeconds">The shortest.</param>
/// <param name="MaxSeconds">The longest.</param>
internal sealed record FailoverResult(string Backend, string Implementation, double LeaseSeconds, int Crashes, double MeanSeconds, double MinSeconds, double MaxSeconds);

/// <summary>
/// Kills the process that holds (kill -9), at a random moment between two of its renewals, and waits in this one. All implementations at once, each with a lock of its own: it is a matter of waiting, and
/// the machine is as busy for one as for the others.
/// </summary>
internal static class Failover
{
    public static async Task<IReadOnlyList<FailoverResult>> RunAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, double leaseSeconds, int rounds, Action<double> progress)
    {
        var times = implementations.ToDictionary(static one => one, static _ => new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            var taken = await Task.WhenAll(implementations.Select(one => CrashAsync(
                new ClientSettings(backend.Key, servers.Connection, one.Key) { LeaseSeconds = leaseSeconds })));
            foreach (var (one, seconds) in implementations.Zip(taken))
            {
                times[one].Add(seconds);
            }

            progress((double)round / rounds);
        }

        return [.. times.Select(one => new FailoverResult(
            backend.Name, one.Key.Name, leaseSeconds, one.Value.Count, one.Value.Average(), one.Value.Min(), one.Value.Max()))];
    }

    private static async Task<double> CrashAsync(ClientSettings settings)
    {
        var resource = $"benchmark/failover/{settings.Implementation}/{Guid.NewGuid():N}";
        await using var holder = await Participant.StartAsync(Holder.Role, new Holder.Order(settings, resource));
        await holder.HearAsync("entered");
        await using var client = await Implementation.ConnectAsync(settings);
        var lease = settings.LeaseOr(0);
        using var limit = new CancellationTokenSource(lease * 10);
        var acquiring = client.AcquireAsync(resource, ClaimMode.Exclusive, limit.Token).AsTask();

        // The waiter is in the queue by then, and the holder has renewed once at least.
        await Task.Delay((lease / 2) + (lease / 3 * Random.Shared.NextDouble()), CancellationToken.None);
        if (acquiring.IsCompletedSuccessfully)
        {
            throw new OverlapException($"{settings.Implementation} let two processes hold at once.");
        }

        var killed = holder.Kill();
        try
        {
            await using var held = await acquiring;
            return Stopwatch.GetElapsedTime(killed).TotalSeconds;
        }
        catch (OperationCanceledException)
        {
            throw new UsageException($"{settings.Implementation} on {settings.Backend}: nobody got the lock of a dead holder within ten leases.");
        }
    }
}
