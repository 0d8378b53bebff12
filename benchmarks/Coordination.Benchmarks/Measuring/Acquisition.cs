namespace Coordination.Benchmarks.Measuring;

/// <summary>One acquisition by the monotonic clock, which the processes of one machine share.</summary>
/// <param name="Worker">Who: a number of its own over all processes.</param>
/// <param name="Asked">When it asked.</param>
/// <param name="Entered">When it held.</param>
/// <param name="Left">When it was about to release.</param>
internal readonly record struct Acquisition(int Worker, long Asked, long Entered, long Left)
{
    public void Write(BinaryWriter writer)
    {
        writer.Write(Worker);
        writer.Write(Asked);
        writer.Write(Entered);
        writer.Write(Left);
    }

    public static Acquisition Read(BinaryReader reader) => new(reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());

    /// <summary>How often one held while another did. Anything but zero is a broken lock, not a figure.</summary>
    public static int Overlaps(IEnumerable<Acquisition> acquisitions)
    {
        var overlaps = 0;
        var latest = long.MinValue;
        foreach (var acquisition in acquisitions.OrderBy(static a => a.Entered))
        {
            overlaps += acquisition.Entered < latest ? 1 : 0;
            latest = Math.Max(latest, acquisition.Left);
        }

        return overlaps;
    }
}
