using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>What can be simulated, each schedule from a seed.</summary>
internal abstract class Simulator : IDisposable
{
    /// <summary>What its report calls it.</summary>
    public abstract string Title { get; }

    public abstract Promises Promises { get; }

    /// <summary>Runs a schedule.</summary>
    public abstract Task<IReadOnlyList<Event>> RunAsync(int seed);

    /// <summary>Finds one.</summary>
    /// <param name="backend">As on the command line.</param>
    /// <param name="bug">What is wrong with it; <see langword="null"/> for nothing.</param>
    public static Simulator Of(string backend, string? bug) => backend == "redlock" ? new RedlockSimulator(bug) : new EngineSimulator(bug);

    /// <summary>The bugs that can be put in.</summary>
    public static IReadOnlyList<string> BugsOf(string backend) => backend == "redlock" ? RedlockSimulator.BugNames : SeededBug.Names;

    public virtual void Dispose()
    {
    }
}
