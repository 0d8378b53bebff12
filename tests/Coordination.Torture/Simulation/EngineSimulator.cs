using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Simulation;

/// <summary>The engine on the in-memory backend.</summary>
internal sealed class EngineSimulator(string? bug) : Simulator
{
    public override string Title => "in-memory, simulated";

    public override Promises Promises => SimulatedRun.Promises;

    public override Task<IReadOnlyList<Event>> RunAsync(int seed) => SimulatedRun.RunAsync(seed, bug);
}
