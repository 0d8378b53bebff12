using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;
using Coordination.Redis;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>What holding many leases costs.</summary>
/// <param name="Leases">How many are held.</param>
/// <param name="Cycles">How many renewals were watched.</param>
/// <param name="CommandsPerCycle">Commands that one renewal of all of them takes.</param>
/// <param name="LeasesPerCommand">The size of a batch.</param>
/// <param name="CycleMilliseconds">How long the last renewal took.</param>
/// <param name="BytesPerLeaseAndCycle">What a renewal allocates for each lease.</param>
/// <param name="ExtraTimers">Timers more than before the first lease.</param>
/// <param name="ExtraThreads">Threads more than before the first lease.</param>
internal sealed record ScaleResult(
    int Leases,
    int Cycles,
    double CommandsPerCycle,
    double LeasesPerCommand,
    double CycleMilliseconds,
    double BytesPerLeaseAndCycle,
    long ExtraTimers,
    int ExtraThreads);

/// <summary>Holds many leases of one process, each on a resource of its own, and watches their renewal.</summary>
internal static class Scale
{
    private const int Cycles = 3;

    /// <summary>Renewed every third of it. Short, to see several cycles, and long beside the time that one takes.</summary>
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(6);

    public static async Task<IReadOnlyList<ScaleResult>> RunAsync(RedisTarget target, IReadOnlyList<int> counts, Action<double> progress)
    {
        var results = new List<ScaleResult>();
        foreach (var count in counts)
        {
            results.Add(await RunAsync(target, count));
            progress((double)results.Count / counts.Count);
        }

        return results;
    }

    private static async Task<ScaleResult> RunAsync(RedisTarget target, int count)
    {
        await using var connection = await RedisTarget.ConnectAsync(target.Endpoint);
        using var renewals = new RenewalCounter();
        await using var coordinator = new Coordinator(new RedisBackend(connection), new CoordinatorOptions { LeaseDuration = Duration });

        // What connection and session need once is not counted with the leases.
        await (await coordinator.CreateLock("benchmark/first").AcquireAsync()).DisposeAsync();
        var timers = Timer.ActiveCount;
        var threads = Threads();

        var leases = new List<ILease>(count);
        foreach (var batch in Enumerable.Range(0, count).Chunk(64))
        {
            leases.AddRange(await Task.WhenAll(batch.Select(i => coordinator.CreateLock($"benchmark/held/{i}").AcquireAsync().AsTask())));
        }

        await NextAsync(renewals, 1);
        var commands = await target.Counters.CommandsAsync();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        await NextAsync(renewals, Cycles);
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        commands = await target.Counters.CommandsAsync() - commands;
        var result = new ScaleResult(
            count,
            Cycles,
            (double)commands / Cycles,
            (double)count * Cycles / commands,
            renewals.Last.TotalMilliseconds,
            (double)bytes / count / Cycles,
            Timer.ActiveCount - timers,
            Threads() - threads);

        if (leases.FirstOrDefault(static lease => lease.State != LeaseState.Held) is { } lost)
        {
            throw new InvalidOperationException($"The lease on {lost.Name} is {lost.State}: the run says nothing.");
        }

        await Task.WhenAll(leases.Select(static lease => lease.DisposeAsync().AsTask()));
        return result;
    }

    /// <summary>Waits until so many renewals more have ended.</summary>
    private static async Task NextAsync(RenewalCounter renewals, int more)
    {
        for (var until = renewals.Count + more; renewals.Count < until;)
        {
            await Task.Delay(20);
        }
    }

    private static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
