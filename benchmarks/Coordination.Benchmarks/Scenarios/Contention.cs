using System.Diagnostics;
using System.Globalization;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>
/// Workers that contend for one resource, in processes of their own; this one only starts them and watches the servers. The implementations take turns, slice by slice, A B A B; one's
/// connections are idle while another is measured.
/// </summary>
internal static class Contention
{
    public static async Task<IReadOnlyList<ContentionResult>> RunAsync(
        Backend backend, IServers servers, IReadOnlyList<Implementation> implementations, ContentionSettings settings, Action<double> progress)
    {
        var directory = Directory.CreateTempSubdirectory("coordination-benchmarks-");
        var teams = new List<Team>();
        try
        {
            foreach (var implementation in implementations)
            {
                var team = new Team(implementation);
                teams.Add(team);
                await team.StartAsync(backend, servers, settings);
            }

            for (var round = 0; round < settings.Rounds; round++)
            {
                foreach (var team in teams)
                {
                    team.Slices.Add(await team.RunSliceAsync(servers, settings, directory.FullName));
                    progress((double)teams.Sum(static one => one.Slices.Count) / (settings.Rounds * teams.Count));
                }
            }

            return [.. teams.Select(team => ContentionResult.From(backend.Name, team.Implementation.NameOn(backend), settings, team.Slices))];
        }
        finally
        {
            foreach (var team in teams)
            {
                await team.DisposeAsync();
            }

            directory.Delete(recursive: true);
        }
    }

    private sealed class Team(Implementation implementation) : IAsyncDisposable
    {
        private readonly List<Participant> _processes = [];

        public Implementation Implementation => implementation;

        public List<ContentionSlice> Slices { get; } = [];

        public async Task StartAsync(Backend backend, IServers servers, ContentionSettings settings)
        {
            var firstWorker = 0;
            for (var i = 0; i < settings.Processes; i++)
            {
                var workers = (settings.Workers / settings.Processes) + (i < settings.Workers % settings.Processes ? 1 : 0);
                var client = new ClientSettings(backend.Key, servers.Connection, implementation.Key)
                {
                    Primitive = settings.Primitive,
                    Permits = settings.Capacity,
                    Workers = workers,
                };
                _processes.Add(await Participant.StartAsync(Contestant.Role, new Contestant.Order(client, settings, workers, firstWorker)));
                firstWorker += workers;
            }
        }

        public async Task<ContentionSlice> RunSliceAsync(IServers servers, ContentionSettings settings, string directory)
        {
            var slice = Stopwatch.GetTimestamp();
            for (var i = 0; i < _processes.Count; i++)
            {
                await _processes[i].TellAsync(string.Create(CultureInfo.InvariantCulture, $"run {slice} {FileOf(directory, i)}"));
            }

            await Task.Delay(TimeSpan.FromSeconds(settings.WarmUpSeconds));
            await TellAsync("measure");

            // Within the run: as many claims are under way at the first count as at the last.
            var before = await servers.RequestsAsync();
            var start = Stopwatch.GetTimestamp();
            await Task.Delay(TimeSpan.FromSeconds(settings.Seconds / settings.Rounds));
            var requests = await servers.RequestsAsync() - before;
            var end = Stopwatch.GetTimestamp();
            await TellAsync("stop");

            var all = new List<Acquisition>();
            var (processor, bytes) = (0L, 0L);
            for (var i = 0; i < _processes.Count; i++)
            {
                if (await _processes[i].HearAsync("done") is [var ticks, var allocated])
                {
                    processor += ticks;
                    bytes += allocated;
                }

                all.AddRange(Read(FileOf(directory, i)));
            }

            return new ContentionSlice(all, start, end, requests, TimeSpan.FromTicks(processor), bytes);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in _processes)
            {
                await process.DisposeAsync();
            }
        }

        private async Task TellAsync(string line)
        {
            foreach (var process in _processes)
            {
                await process.TellAsync(line);
            }
        }

        private static string FileOf(string directory, int process) => Path.Combine(directory, process.ToString(CultureInfo.InvariantCulture));

        private static IEnumerable<Acquisition> Read(string file)
        {
            using var reader = new BinaryReader(File.OpenRead(file));
            while (reader.BaseStream.Position < reader.BaseStream.Length)
            {
                yield return Acquisition.Read(reader);
            }
        }
    }
}
