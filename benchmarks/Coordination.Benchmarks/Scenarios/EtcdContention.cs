using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;
using Coordination.Etcd;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>Workers of this process that contend for one lock on etcd: ours and etcd's own lock service in turn, A B A B.</summary>
internal static class EtcdContention
{
    private const string Resource = "benchmark/contended";

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task<IReadOnlyList<ContentionResult>> RunAsync(EtcdTarget target, ContentionSettings settings, bool withPeer, Action<double> progress)
    {
        // One after the other from the start: the connections of one are idle while the other is measured.
        var ours = new CoordinationLock(EtcdBackend.Create(target.Endpoints));
        var service = new EtcdLockService(target.First);
        await using var disposeOurs = ours;
        await using var disposeService = service;
        await service.PrepareAsync(withPeer ? settings.Workers : 0);
        List<(string Name, ILockClient Client, List<ContentionSlice> Slices)> contenders = [("Coordination, etcd", ours, [])];
        if (withPeer)
        {
            contenders.Add(("etcd's lock service", service, []));
        }

        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var (_, client, slices) in contenders)
            {
                slices.Add(await RunSliceAsync(target.RequestsAsync, client, settings));
                progress((double)contenders.Sum(static contender => contender.Slices.Count) / (settings.Rounds * contenders.Count));
            }
        }

        return [.. contenders.Select(contender => ContentionResult.From(contender.Name, settings.Workers, contender.Slices))];
    }

    /// <summary>One slice of one contender, on whatever server counts its requests.</summary>
    public static async Task<ContentionSlice> RunSliceAsync(Func<Task<long>> countRequests, ILockClient client, ContentionSettings settings)
    {
        var duration = TimeSpan.FromSeconds(settings.Seconds / settings.Rounds);
        var until = Stopwatch.GetTimestamp() + (long)((WarmUp + duration).TotalSeconds * Stopwatch.Frequency);
        var work = Enumerable.Range(0, settings.Workers)
            .Select(worker => Task.Run(() => Contestant.WorkAsync(client, Resource, worker, until, settings.HoldMilliseconds, settings.PauseMilliseconds)))
            .ToList();

        // Within the run: as many claims are under way at the first count as at the last.
        await Task.Delay(WarmUp);
        var before = await countRequests();
        var start = Stopwatch.GetTimestamp();
        await Task.Delay(duration - TimeSpan.FromMilliseconds(50));
        var requests = await countRequests() - before;
        var end = Stopwatch.GetTimestamp();
        List<Acquisition> all = [.. (await Task.WhenAll(work)).SelectMany(static acquisitions => acquisitions)];
        return new ContentionSlice(all, start, end, requests);
    }
}
