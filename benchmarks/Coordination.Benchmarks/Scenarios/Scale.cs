using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>What holding many leases costs.</summary>
/// <param name="Leases">How many are held.</param>
/// <param name="Cycles">How many renewals were watched.</param>
/// <param name="RequestsPerCycle">Requests that one renewal of all of them takes, by the servers' own counters; keep-alives of etcd are not among them.</param>
/// <param name="LeasesPerRequest">The size of a batch.</param>
/// <param name="CycleMilliseconds">How long the last renewal took.</param>
/// <param name="ProcessorMillisecondsPerCycle">Processor time of this process for one cycle.</param>
/// <param name="BytesPerLeaseAndCycle">What a renewal allocates for each lease.</param>
/// <param name="ExtraTimers">Timers more than before the first lease.</param>
/// <param name="ExtraThreads">Threads more than before the first lease.</param>
internal sealed record ScaleResult(
    int Leases,
    int Cycles,
    double? RequestsPerCycle,
    double? LeasesPerRequest,
    double CycleMilliseconds,
    double ProcessorMillisecondsPerCycle,
    double BytesPerLeaseAndCycle,
    long ExtraTimers,
    int ExtraThreads);

/// <summary>Holds many leases of one process, each on a resource of its own, and watches their renewal.</summary>
internal static class Scale
{
    private const int Cycles = 3;

    /// <summary>Renewed every third of it. Short, to see several cycles, and long beside the time that one takes.</summary>
    private const double LeaseSeconds = 6;

    public static async Task<IReadOnlyList<ScaleResult>> RunAsync(Backend backend, IServers servers, IReadOnlyList<int> counts, Action<double> progress)
    {
        var results = new List<ScaleResult>();
        foreach (var count in counts)
        {
            results.Add(await RunAsync(backend, servers, count));
            progress((double)results.Count / counts.Count);
        }

        return results;
    }

    private static async Task<ScaleResult> RunAsync(Backend backend, IServers servers, int count)
    {
        using var renewals = new RenewalCounter();
        var settings = new ClientSettings(backend.Key, servers.Connection, Catalog.Ours.Key) { LeaseSeconds = LeaseSeconds };
        await using var client = await CoordinationLock.ConnectAsync(backend.Store, settings);
        var coordinator = ((CoordinationLock)client).Coordinator;

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
        var requests = await servers.RequestsAsync();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var processor = Environment.CpuUsage.TotalTime;
        await NextAsync(renewals, Cycles);
        processor = Environment.CpuUsage.TotalTime - processor;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        requests = await servers.RequestsAsync() - requests;
        var result = new ScaleResult(
            count,
            Cycles,
            requests / (double)Cycles,
            requests is null or 0 ? null : (double)count * Cycles / requests,
            renewals.Last.TotalMilliseconds,
            processor.TotalMilliseconds / Cycles,
            (double)bytes / count / Cycles,
            Timer.ActiveCount - timers,
            Threads() - threads);

        if (leases.FirstOrDefault(static lease => lease.State != LeaseState.Held) is { } lost)
        {
            throw new InvalidOperationException($"The lease on {lost.Name} is {lost.State}: the run says nothing.");
        }

        foreach (var batch in leases.Chunk(64))
        {
            await Task.WhenAll(batch.Select(static lease => lease.DisposeAsync().AsTask()));
        }

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
