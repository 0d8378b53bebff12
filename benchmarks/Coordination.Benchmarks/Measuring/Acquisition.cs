namespace Coordination.Benchmarks.Measuring;

/// <summary>One acquisition by the monotonic clock, which the processes of one machine share.</summary>
/// <param name="Worker">Who: a number of its own over all processes.</param>
/// <param name="Mode">A lock or a writer, a reader, or a permit.</param>
/// <param name="Asked">When it asked, or should have asked.</param>
/// <param name="Entered">When it held; 0 when it still waited at the end.</param>
/// <param name="Left">When it was about to release, or gave up.</param>
internal readonly record struct Acquisition(int Worker, ClaimMode Mode, long Asked, long Entered, long Left)
{
    public bool IsServed => Entered != 0;

    /// <summary>How long it waited, as far as is known.</summary>
    public long Wait => (IsServed ? Entered : Left) - Asked;

    public void Write(BinaryWriter writer)
    {
        writer.Write(Worker);
        writer.Write((byte)Mode);
        writer.Write(Asked);
        writer.Write(Entered);
        writer.Write(Left);
    }

    public static Acquisition Read(BinaryReader reader) =>
        new(reader.ReadInt32(), (ClaimMode)reader.ReadByte(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());

    /// <summary>How often one entered that should not have: beside a writer, as a writer beside any, or beyond the permits. Anything but zero is a broken lock, not a figure.</summary>
    /// <param name="acquisitions">All of them.</param>
    /// <param name="capacity">How many may hold at once in <see cref="ClaimMode.Counted"/>.</param>
    public static int Overlaps(IEnumerable<Acquisition> acquisitions, int capacity)
    {
        var overlaps = 0;
        var (exclusive, shared, counted) = (new PriorityQueue<long, long>(), new PriorityQueue<long, long>(), new PriorityQueue<long, long>());
        foreach (var one in acquisitions.Where(static one => one.IsServed).OrderBy(static one => one.Entered))
        {
            var others = StillIn(exclusive, one.Entered);
            var readers = StillIn(shared, one.Entered);
            var permits = StillIn(counted, one.Entered);
            overlaps += one.Mode switch
            {
                ClaimMode.Shared => others + permits,
                ClaimMode.Counted => others + readers + permits - capacity >= 0 ? 1 : 0,
                _ => others + readers + permits,
            } > 0 ? 1 : 0;
            (one.Mode switch { ClaimMode.Shared => shared, ClaimMode.Counted => counted, _ => exclusive }).Enqueue(one.Left, one.Left);
        }

        return overlaps;
    }

    private static int StillIn(PriorityQueue<long, long> leaving, long now)
    {
        while (leaving.TryPeek(out var left, out _) && left <= now)
        {
            leaving.Dequeue();
        }

        return leaving.Count;
    }
}
