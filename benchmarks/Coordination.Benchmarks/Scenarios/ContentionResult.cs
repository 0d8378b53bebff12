using System.Diagnostics;
using Coordination.Benchmarks.Measuring;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>What a contention run of one implementation showed.</summary>
/// <param name="Implementation">Which.</param>
/// <param name="Acquisitions">How many within the measured time.</param>
/// <param name="PerSecond">The same, a second.</param>
/// <param name="WaitP50Milliseconds">From asking to holding.</param>
/// <param name="WaitP99Milliseconds">The same.</param>
/// <param name="WaitMaxMilliseconds">The same.</param>
/// <param name="HandOffMeanMilliseconds">From a release call to the next one's holding.</param>
/// <param name="Fewest">Acquisitions of the worker that had the fewest.</param>
/// <param name="Most">Acquisitions of the worker that had the most.</param>
/// <param name="CommandsPerAcquisition">What clients sent to the server, renewals aside.</param>
/// <param name="Overlaps">How often one held while another did: anything but 0 is a failure.</param>
internal sealed record ContentionResult(
    string Implementation,
    int Acquisitions,
    double PerSecond,
    double WaitP50Milliseconds,
    double WaitP99Milliseconds,
    double WaitMaxMilliseconds,
    double HandOffMeanMilliseconds,
    int Fewest,
    int Most,
    double CommandsPerAcquisition,
    int Overlaps)
{
    public double Fairness => Most == 0 ? 0 : (double)Fewest / Most;

    public static ContentionResult From(string implementation, int workers, IReadOnlyCollection<ContentionSlice> slices)
    {
        var waits = new Latencies();
        var handOffs = new Latencies();
        var counts = new int[workers];
        foreach (var acquisition in slices.SelectMany(static slice => slice.Measured))
        {
            waits.Record(acquisition.Entered - acquisition.Asked);
            counts[acquisition.Worker]++;
        }

        foreach (var slice in slices)
        {
            var left = 0L;
            foreach (var acquisition in slice.Measured.OrderBy(static acquisition => acquisition.Entered))
            {
                if (left != 0)
                {
                    handOffs.Record(acquisition.Entered - left);
                }

                left = acquisition.Left;
            }
        }

        var acquisitions = counts.Sum();
        var seconds = slices.Sum(static slice => (double)(slice.End - slice.Start) / Stopwatch.Frequency);
        return new ContentionResult(
            implementation,
            acquisitions,
            acquisitions / seconds,
            waits.PercentileMicroseconds(50) / 1000,
            waits.PercentileMicroseconds(99) / 1000,
            waits.MaxMicroseconds / 1000,
            handOffs.MeanMicroseconds / 1000,
            counts.Min(),
            counts.Max(),
            acquisitions == 0 ? 0 : (double)slices.Sum(static slice => slice.Commands) / acquisitions,
            slices.Sum(static slice => Acquisition.Overlaps(slice.All)));
    }
}

/// <summary>One slice of a run.</summary>
/// <param name="All">All acquisitions, those of the warm-up too.</param>
/// <param name="Start">When measuring began.</param>
/// <param name="End">When it ended.</param>
/// <param name="Commands">What clients sent meanwhile, renewals aside.</param>
internal sealed record ContentionSlice(IReadOnlyList<Acquisition> All, long Start, long End, long Commands)
{
    public IEnumerable<Acquisition> Measured => All.Where(a => a.Entered >= Start && a.Entered < End);
}
