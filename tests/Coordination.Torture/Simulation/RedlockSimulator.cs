using Coordination.Redis.Tests.Redlock.Simulation;
using Coordination.Torture.Checking;
using Coordination.Torture.Recording;
using Seen = Coordination.Redis.Tests.Redlock.Simulation.History;

namespace Coordination.Torture.Simulation;

/// <summary>
/// Redlock's quorum over a simulated network, with the scripts that ship. The engine's rules are played by hand there, so that what is recorded is who believed what: calls that were not granted, and queues, are not.
/// </summary>
internal sealed class RedlockSimulator(string? bug = null) : Simulator
{
    private readonly ScriptInterpreter _scripts = Bugs.ScriptsWith(bug);

    public static IReadOnlyList<string> BugNames => Bugs.Names;

    public override string Title => "Redlock, simulated";

    public override Promises Promises { get; } = new()
    {
        Duration = Schedule.Duration,
        Slack = TimeSpan.FromMilliseconds(10),
        DrainLimit = TimeSpan.FromSeconds(2),
        IsFair = false,
        OrdersReaders = false,
        InspectsExactly = false,
    };

    /// <exception cref="InvalidOperationException">Something went on outside of the simulation, and so was not seen.</exception>
    public override Task<IReadOnlyList<Event>> RunAsync(int seed)
    {
        var seen = Bugs.Run(seed, _scripts, bug);
        return ThreadPool.PendingWorkItemCount == 0
            ? Task.FromResult<IReadOnlyList<Event>>(EventsOf(seen))
            : throw new InvalidOperationException($"The code under test left the simulation in the schedule of seed {seed}.");
    }

    public override void Dispose() => _scripts.Dispose();

    private static List<Event> EventsOf(Seen seen)
    {
        var events = new List<Event>(seen.Faults.Count + (seen.Stays.Count * 4));
        events.AddRange(seen.Faults.Select(static fault => new FaultInjected(fault.At, fault.At, fault.Kind, "")));
        for (var number = 0; number < seen.Stays.Count; number++)
        {
            var stay = seen.Stays[number];
            var call = $"{stay.Who}/{number}";
            var until = stay.Until ?? TimeSpan.MaxValue;
            events.Add(new CallStarted(stay.From, call, stay.Who, stay.IsAttached ? Operation.Attach : Operation.Acquire, stay.Resource, stay.Mode, stay.Limit, null));
            events.Add(new CallEnded(stay.From, call, Outcome.Granted));
            events.Add(new HoldBegan(stay.From, call, stay.Mode == ClaimMode.Counted || stay.IsAttached ? null : stay.Token, null, until));
            events.Add(new HoldEnded(until, call, HoldEnd.Released));
        }

        return events;
    }
}
