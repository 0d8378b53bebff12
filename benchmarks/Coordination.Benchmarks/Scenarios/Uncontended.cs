using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>What one implementation's uncontended pairs cost.</summary>
/// <param name="Name">Which.</param>
/// <param name="Pairs">How many acquisitions with their releases were measured.</param>
/// <param name="MeanMicroseconds">Mean time of one.</param>
/// <param name="P50Microseconds">Median time.</param>
/// <param name="P99Microseconds">99th percentile.</param>
/// <param name="BytesPerPair">What this process allocated for one.</param>
/// <param name="ClientProcessorMicroseconds">Processor time of this process, which other programs on the machine hardly change.</param>
/// <param name="ServerProcessorMicroseconds">Processor time of the server.</param>
/// <param name="RatioToFloor">Median of the rounds' ratios to the floor: the least that a lock on this server cannot do without.</param>
/// <param name="RatioToOwnRequests">The same to our own requests, sent raw.</param>
/// <param name="Times">The distribution.</param>
internal sealed record UncontendedResult(
    string Name,
    long Pairs,
    double MeanMicroseconds,
    double P50Microseconds,
    double P99Microseconds,
    double BytesPerPair,
    double ClientProcessorMicroseconds,
    double ServerProcessorMicroseconds,
    double RatioToFloor,
    double RatioToOwnRequests,
    IReadOnlyList<CurvePoint> Times);

/// <summary>
/// Runs all implementations in turn, a short block each, round after round: A B C A B C. The machine's drift then falls on all alike, and a
/// ratio is the median of the ratios within the rounds.
/// </summary>
internal static class Uncontended
{
    private const int BlockSize = 200;

    public static async Task<IReadOnlyList<UncontendedResult>> RunAsync(PairSet set, IServers servers, TimeSpan duration, Action<double> progress)
    {
        var (pairs, floor, own, serverProcessorTime) = (set.Pairs, set.Floor, set.Own, (Func<Task<TimeSpan>>)servers.ProcessorTimeAsync);
        var series = pairs.Select(pair => new Series(pair, serverProcessorTime)).ToList();
        var start = Stopwatch.GetTimestamp();

        // Half as long to warm up: code is compiled again with what was learnt from its first runs, in the background, and not before all is quiet.
        var warmUp = duration / 2;
        for (var round = 0; Stopwatch.GetElapsedTime(start) is var elapsed && (elapsed < warmUp + duration || round < 3); round++)
        {
            // Nobody always runs after the same one.
            foreach (var index in Enumerable.Range(0, series.Count))
            {
                await series[(index + round) % series.Count].RunBlockAsync(counts: elapsed >= warmUp);
            }

            progress(elapsed / (warmUp + duration));
        }

        var (floors, owns) = (series.Single(s => s.Pair == floor), series.Single(s => s.Pair == own));
        return [.. series.Select(s => s.ToResult(floors, owns))];
    }

    private sealed class Series(IPair pair, Func<Task<TimeSpan>> serverProcessorTime)
    {
        private readonly Latencies _latencies = new();
        private readonly List<double> _medians = [];
        private readonly long[] _block = new long[BlockSize];
        private long _bytes;
        private TimeSpan _client;
        private TimeSpan _server;

        public IPair Pair { get; } = pair;

        public async Task RunBlockAsync(bool counts)
        {
            await Pair.RunAsync();
            var server = await serverProcessorTime();
            var client = Environment.CpuUsage.TotalTime;
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < BlockSize; i++)
            {
                var start = Stopwatch.GetTimestamp();
                await Pair.RunAsync();
                _block[i] = Stopwatch.GetTimestamp() - start;
            }

            bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
            client = Environment.CpuUsage.TotalTime - client;
            server = await serverProcessorTime() - server;
            if (!counts)
            {
                return;
            }

            _bytes += bytes;
            _client += client;
            _server += server;
            foreach (var ticks in _block)
            {
                _latencies.Record(ticks);
            }

            Array.Sort(_block);
            _medians.Add(_block[BlockSize / 2]);
        }

        public UncontendedResult ToResult(Series floor, Series ownRequests) => new(
            Pair.Name,
            _latencies.Count,
            _latencies.MeanMicroseconds,
            _latencies.PercentileMicroseconds(50),
            _latencies.PercentileMicroseconds(99),
            (double)_bytes / _latencies.Count,
            _client.TotalMicroseconds / _latencies.Count,
            _server.TotalMicroseconds / _latencies.Count,
            RatioTo(floor),
            RatioTo(ownRequests),
            _latencies.Curve());

        private double RatioTo(Series other)
        {
            var ratios = _medians.Zip(other._medians, static (mine, its) => mine / its).Order().ToList();
            return ratios[ratios.Count / 2];
        }
    }
}
