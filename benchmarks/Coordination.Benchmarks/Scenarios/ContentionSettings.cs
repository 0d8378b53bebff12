namespace Coordination.Benchmarks.Scenarios;

/// <summary>How workers contend for one lock.</summary>
/// <param name="Workers">How many, over all processes.</param>
/// <param name="Processes">How many processes, each with a connection of its own.</param>
/// <param name="HoldMilliseconds">How long each holds, to the microsecond.</param>
/// <param name="PauseMilliseconds">How long each pauses after its release, as coarsely as timers are.</param>
/// <param name="Seconds">How long is measured, in all.</param>
/// <param name="Rounds">In how many slices: the implementations take turns.</param>
internal sealed record ContentionSettings(
    int Workers, int Processes = 1, double HoldMilliseconds = 1, double PauseMilliseconds = 0, double Seconds = 6, int Rounds = 2);
