using System.Diagnostics;
using System.Globalization;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>Workers that contend for one lock, in processes of their own; this one only starts them and watches the server.</summary>
internal static class Contention
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static async Task<IReadOnlyList<ContentionResult>> RunAsync(
        RedisTarget target, IReadOnlyList<Contender> contenders, ContentionSettings settings, Action<double> progress)
    {
        var slices = contenders.ToDictionary(static contender => contender, static _ => new List<ContentionSlice>());
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                slices[contender].Add(await RunSliceAsync(target, contender, settings));
                progress((double)slices.Values.Sum(static list => list.Count) / (settings.Rounds * contenders.Count));
            }
        }

        return [.. contenders.Select(contender => ContentionResult.From(contender.Name, settings.Workers, slices[contender]))];
    }

    private static async Task<ContentionSlice> RunSliceAsync(RedisTarget target, Contender contender, ContentionSettings settings)
    {
        var directory = Directory.CreateTempSubdirectory("coordination-benchmarks-");
        var contestants = new List<(Participant Process, string File)>();
        try
        {
            var firstWorker = 0;
            for (var i = 0; i < settings.Processes; i++)
            {
                var workers = (settings.Workers / settings.Processes) + (i < settings.Workers % settings.Processes ? 1 : 0);
                var file = Path.Combine(directory.FullName, i.ToString(CultureInfo.InvariantCulture));
                contestants.Add((Participant.Start(
                    Contestant.Name,
                    "--redis", target.Endpoint,
                    "--implementation", contender.Key,
                    "--workers", workers.ToString(CultureInfo.InvariantCulture),
                    "--first-worker", firstWorker.ToString(CultureInfo.InvariantCulture),
                    "--hold-ms", settings.HoldMilliseconds.ToString(CultureInfo.InvariantCulture),
                    "--pause-ms", settings.PauseMilliseconds.ToString(CultureInfo.InvariantCulture),
                    "--file", file), file));
                firstWorker += workers;
            }

            foreach (var (process, _) in contestants)
            {
                await process.HearAsync("ready");
            }

            var duration = TimeSpan.FromSeconds(settings.Seconds / settings.Rounds);
            var until = Stopwatch.GetTimestamp() + (long)((WarmUp + duration).TotalSeconds * Stopwatch.Frequency);
            foreach (var (process, _) in contestants)
            {
                await process.TellAsync(string.Create(CultureInfo.InvariantCulture, $"run {until}"));
            }

            // Within the run: as many claims are under way at the first count as at the last.
            await Task.Delay(WarmUp);
            var before = await target.Counters.CommandsAsync();
            var start = Stopwatch.GetTimestamp();
            await Task.Delay(duration - TimeSpan.FromMilliseconds(50));
            var commands = await target.Counters.CommandsAsync() - before;
            var end = Stopwatch.GetTimestamp();

            var all = new List<Acquisition>();
            foreach (var (process, file) in contestants)
            {
                commands -= (await process.HearAsync("done"))[0];
                all.AddRange(Read(file));
            }

            return new ContentionSlice(all, start, end, commands);
        }
        finally
        {
            foreach (var (process, _) in contestants)
            {
                await process.DisposeAsync();
            }

            directory.Delete(recursive: true);
        }
    }

    private static IEnumerable<Acquisition> Read(string file)
    {
        using var reader = new BinaryReader(File.OpenRead(file));
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            yield return Acquisition.Read(reader);
        }
    }
}
