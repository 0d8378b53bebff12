using System.Diagnostics;
using Coordination.Benchmarks.Measuring;

namespace Coordination.Benchmarks.Tests;

/// <summary>What figures are worked out by.</summary>
public sealed class MeasuringTests
{
    [Fact]
    public void Those_who_come_after_one_another_do_not_overlap() =>
        Assert.Equal(0, Acquisition.Overlaps([Held(ClaimMode.Exclusive, 1, 2), Held(ClaimMode.Exclusive, 2, 3), Held(ClaimMode.Exclusive, 5, 6)], capacity: 1));

    [Fact]
    public void One_who_enters_before_another_has_left_overlaps() =>
        Assert.Equal(2, Acquisition.Overlaps([Held(ClaimMode.Exclusive, 1, 10), Held(ClaimMode.Exclusive, 2, 3), Held(ClaimMode.Exclusive, 9, 12)], capacity: 1));

    [Fact]
    public void Readers_may_be_many_but_not_beside_a_writer()
    {
        Acquisition[] readers = [Held(ClaimMode.Shared, 1, 10), Held(ClaimMode.Shared, 2, 5), Held(ClaimMode.Shared, 3, 9)];

        Assert.Equal(0, Acquisition.Overlaps(readers, capacity: 1));
        Assert.Equal(1, Acquisition.Overlaps([.. readers, Held(ClaimMode.Exclusive, 6, 11)], capacity: 1));
        Assert.Equal(1, Acquisition.Overlaps([.. readers, Held(ClaimMode.Exclusive, 10, 12), Held(ClaimMode.Shared, 11, 13)], capacity: 1));
    }

    [Fact]
    public void Permits_may_be_as_many_as_there_are()
    {
        Acquisition[] two = [Held(ClaimMode.Counted, 1, 10), Held(ClaimMode.Counted, 2, 10)];

        Assert.Equal(0, Acquisition.Overlaps(two, capacity: 2));
        Assert.Equal(1, Acquisition.Overlaps([.. two, Held(ClaimMode.Counted, 3, 4)], capacity: 2));
        Assert.Equal(0, Acquisition.Overlaps([.. two, Held(ClaimMode.Counted, 10, 11)], capacity: 2));
    }

    [Fact]
    public void Those_who_were_never_served_hold_nothing() =>
        Assert.Equal(0, Acquisition.Overlaps([Held(ClaimMode.Exclusive, 1, 10), new Acquisition(0, ClaimMode.Exclusive, Asked: 1, Entered: 0, Left: 5)], capacity: 1));

    [Fact]
    public void A_long_wait_counts_for_what_it_kept_from_being_asked()
    {
        var millisecond = Stopwatch.Frequency / 1000;
        var (measured, corrected) = (new Latencies(), new Latencies());
        foreach (var wait in Enumerable.Repeat(millisecond, 99).Append(100 * millisecond))
        {
            measured.Record(wait);
            corrected.RecordExpecting(wait, millisecond);
        }

        // A hundred waits that each took a millisecond, and one during which a hundred would have been asked for.
        Assert.Equal(1000, measured.PercentileMicroseconds(90), tolerance: 5);
        Assert.Equal(80_000, corrected.PercentileMicroseconds(90), tolerance: 1500);
    }

    [Theory]
    [InlineData(1.0, 5, 5, 5, 5)]
    [InlineData(0.25, 0, 0, 8, 0)]
    [InlineData(0.0, 0, 0)]
    public void Fairness_is_one_when_all_had_as_many(double expected, params int[] counts) => Assert.Equal(expected, Fairness.JainIndex(counts), 6);

    private static Acquisition Held(ClaimMode mode, long entered, long left) => new(0, mode, entered, entered, left);
}
