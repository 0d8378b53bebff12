using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>What a contention run of one implementation showed.</summary>
internal sealed record ContentionResult
{
    /// <summary>On what.</summary>
    public required string Backend { get; init; }

    /// <summary>Which.</summary>
    public required string Implementation { get; init; }

    /// <summary>How many within the measured time.</summary>
    public required int Acquisitions { get; init; }

    /// <summary>The same, a second.</summary>
    public required double PerSecond { get; init; }

    /// <summary>From asking to holding. Who still waited at the end counts with what it had waited.</summary>
    public required double WaitP50Milliseconds { get; init; }

    /// <summary>The same.</summary>
    public required double WaitP99Milliseconds { get; init; }

    /// <summary>The same, corrected for what a long wait kept from being asked for.</summary>
    public required double WaitP99CorrectedMilliseconds { get; init; }

    /// <summary>The same.</summary>
    public required double WaitMaxMilliseconds { get; init; }

    /// <summary>The distribution of the waits, in microseconds.</summary>
    public required IReadOnlyList<CurvePoint> Waits { get; init; }

    /// <summary>Who still waited at the end.</summary>
    public required int Unserved { get; init; }

    /// <summary>How long was held, in fact.</summary>
    public required double HoldMeanMilliseconds { get; init; }

    /// <summary>From a release call to the next one's holding; of locks only.</summary>
    public required double? HandOffMeanMilliseconds { get; init; }

    /// <summary>Acquisitions of the worker that had the fewest.</summary>
    public required int Fewest { get; init; }

    /// <summary>Acquisitions of the worker that had the most.</summary>
    public required int Most { get; init; }

    /// <summary>Jain's index of the workers' acquisitions: 1 when all had as many, 1/n when one had all.</summary>
    public required double JainIndex { get; init; }

    /// <summary>What the servers received from clients.</summary>
    public required double? RequestsPerAcquisition { get; init; }

    /// <summary>Processor time of the clients, without that which the holds spin away.</summary>
    public required double ClientProcessorMicroseconds { get; init; }

    /// <summary>What the clients allocated.</summary>
    public required double BytesPerAcquisition { get; init; }

    /// <summary>How often one held that should not have: anything but 0 is a failure.</summary>
    public required int Overlaps { get; init; }

    /// <summary>Fewest by most.</summary>
    public double Fairness => Most == 0 ? 0 : (double)Fewest / Most;

    public static ContentionResult From(string backend, string implementation, ContentionSettings settings, IReadOnlyCollection<ContentionSlice> slices)
    {
        var (waits, corrected, holds, handOffs) = (new Latencies(), new Latencies(), new Latencies(), new Latencies());
        var counts = new int[settings.Workers];
        foreach (var held in slices.SelectMany(static slice => slice.Held))
        {
            counts[held.Worker]++;
            holds.Record(held.Left - held.Entered);
        }

        var acquisitions = counts.Sum();
        var seconds = slices.Sum(static slice => (double)(slice.End - slice.Start) / Stopwatch.Frequency);

        // How often each worker would be served if all waited alike.
        var pace = (long)(settings.Workers * seconds * Stopwatch.Frequency / Math.Max(acquisitions, 1));
        foreach (var asked in slices.SelectMany(static slice => slice.Asked))
        {
            waits.Record(asked.Wait);
            corrected.RecordExpecting(asked.Wait, pace);
        }

        if (settings.Primitive == Primitive.Lock)
        {
            RecordHandOffs(slices, handOffs);
        }

        return new ContentionResult
        {
            Backend = backend,
            Implementation = implementation,
            Acquisitions = acquisitions,
            PerSecond = acquisitions / seconds,
            WaitP50Milliseconds = waits.PercentileMicroseconds(50) / 1000,
            WaitP99Milliseconds = waits.PercentileMicroseconds(99) / 1000,
            WaitP99CorrectedMilliseconds = corrected.PercentileMicroseconds(99) / 1000,
            WaitMaxMilliseconds = waits.MaxMicroseconds / 1000,
            Waits = waits.Curve(),
            Unserved = slices.Sum(static slice => slice.Asked.Count(static one => !one.IsServed)),
            HoldMeanMilliseconds = holds.MeanMicroseconds / 1000,
            HandOffMeanMilliseconds = handOffs.Count == 0 ? null : handOffs.MeanMicroseconds / 1000,
            Fewest = counts.Min(),
            Most = counts.Max(),
            JainIndex = Measuring.Fairness.JainIndex(counts),
            RequestsPerAcquisition = acquisitions == 0 || slices.Any(static slice => slice.Requests is null)
                ? null
                : (double)slices.Sum(static slice => slice.Requests!.Value) / acquisitions,
            ClientProcessorMicroseconds = acquisitions == 0 ? 0
                : Math.Max(0, (slices.Sum(static slice => slice.Processor.TotalMicroseconds) / acquisitions) - (settings.HoldMilliseconds * 1000)),
            BytesPerAcquisition = acquisitions == 0 ? 0 : (double)slices.Sum(static slice => slice.Bytes) / acquisitions,
            Overlaps = slices.Sum(slice => Acquisition.Overlaps(slice.All, settings.Capacity)),
        };
    }

    private static void RecordHandOffs(IEnumerable<ContentionSlice> slices, Latencies handOffs)
    {
        foreach (var slice in slices)
        {
            var left = 0L;
            foreach (var held in slice.Held.OrderBy(static held => held.Entered))
            {
                if (left != 0)
                {
                    handOffs.Record(held.Entered - left);
                }

                left = held.Left;
            }
        }
    }
}

/// <summary>One slice of a run.</summary>
/// <param name="All">All acquisitions, those of the warm-up too.</param>
/// <param name="Start">When measuring began.</param>
/// <param name="End">When it ended.</param>
/// <param name="Requests">What the servers received meanwhile.</param>
/// <param name="Processor">The processor time of the clients.</param>
/// <param name="Bytes">What they allocated.</param>
internal sealed record ContentionSlice(IReadOnlyList<Acquisition> All, long Start, long End, long? Requests, TimeSpan Processor, long Bytes)
{
    /// <summary>Those that were granted meanwhile.</summary>
    public IEnumerable<Acquisition> Held => All.Where(one => one.IsServed && one.Entered >= Start && one.Entered < End);

    /// <summary>Those that were asked for meanwhile, however long they waited; and who was never served, whenever that one asked.</summary>
    public IEnumerable<Acquisition> Asked => All.Where(one => one.Asked < End && (one.Asked >= Start || !one.IsServed));
}
