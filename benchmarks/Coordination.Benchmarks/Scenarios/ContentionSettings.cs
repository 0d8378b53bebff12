using Coordination.Benchmarks.Implementations;
using static System.FormattableString;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>How workers contend for one resource.</summary>
/// <param name="Workers">How many, over all processes.</param>
/// <param name="Processes">How many processes, each with a connection of its own.</param>
/// <param name="HoldMilliseconds">How long each holds, to the microsecond.</param>
/// <param name="PauseMilliseconds">How long each pauses after its release, as coarsely as timers are.</param>
/// <param name="Seconds">How long is measured, in all.</param>
/// <param name="Rounds">In how many slices: the implementations take turns.</param>
internal sealed record ContentionSettings(
    int Workers, int Processes = 1, double HoldMilliseconds = 1, double PauseMilliseconds = 0, double Seconds = 6, int Rounds = 2)
{
    /// <summary>What they contend for.</summary>
    public Primitive Primitive { get; init; }

    /// <summary>Which part of the acquisitions of a reader-writer lock reads.</summary>
    public double ReadShare { get; init; } = 0.9;

    /// <summary>How many hold a semaphore at once.</summary>
    public int Permits { get; init; } = 4;

    /// <summary>How often one is asked for, over all workers, whether or not those before were granted; 0: each worker asks as soon as it may.</summary>
    public double RatePerSecond { get; init; }

    /// <summary>How long they contend before it counts.</summary>
    public double WarmUpSeconds { get; init; } = 1;

    /// <summary>How many may hold it at once.</summary>
    public int Capacity => Primitive == Primitive.Semaphore ? Permits : 1;

    public override string ToString()
    {
        var (processes, rate) = (Processes == 1 ? "process" : "processes", RatePerSecond > 0 ? Invariant($", {RatePerSecond}/s") : "");
        return Invariant($"{What()}, {Workers} workers in {Processes} {processes}, hold {HoldMilliseconds} ms, pause {PauseMilliseconds} ms{rate}");
    }

    private string What() => Primitive switch
    {
        Primitive.ReaderWriterLock => Invariant($"reader-writer lock, {ReadShare:P0} read"),
        Primitive.Semaphore => Invariant($"semaphore of {Permits}"),
        _ => "lock",
    };
}
