using Coordination.Backends;
using Coordination.InMemory;

namespace Coordination.Torture.Simulation;

/// <summary>
/// A bug between the engine and its backend, put there to see whether the checker finds it: each is one that the rules of the design forbid. Nothing of it is in what ships.
/// </summary>
internal class SeededBug(SimulatedWorld world)
{
    public static IReadOnlyList<string> Names { get; } =
    [
        LateDeadline, DeadlineFromArrival, DroppedTokenRegister, DoubleGrant, SkippedPurge, GhostGrant, ReusedOwner,
    ];

    public const string LateDeadline = "a late deadline";
    public const string DeadlineFromArrival = "a deadline from the grant's arrival";
    public const string DroppedTokenRegister = "a dropped token register";
    public const string DoubleGrant = "a double grant";
    public const string SkippedPurge = "a skipped purge";
    public const string GhostGrant = "a ghost grant believed";
    public const string ReusedOwner = "an owner id reused";

    protected SimulatedWorld World => world;

    public static SeededBug Create(string name, SimulatedWorld world) => name switch
    {
        LateDeadline => new LateDeadlineBug(world),
        DeadlineFromArrival => new ArrivalBug(world),
        DroppedTokenRegister => new TokenBug(world),
        DoubleGrant => new DoubleGrantBug(world),
        SkippedPurge => new PurgeBug(world),
        GhostGrant => new GhostBug(world),
        ReusedOwner => new OwnerBug(world),
        _ => throw new ArgumentException($"There is no bug '{name}'.", nameof(name)),
    };

    /// <summary>What befalls a request so that the bug matters; <see langword="null"/> for what befalls all.</summary>
    public virtual InMemoryFault? Provoke(InMemoryRequest request) => null;

    /// <summary>What the engine is told of a session's duration.</summary>
    public virtual TimeSpan Duration(TimeSpan granted, TimeSpan took) => granted;

    /// <summary>What the engine is told of what remains after a renewal.</summary>
    public virtual TimeSpan Remaining(TimeSpan remaining, TimeSpan took) => remaining;

    /// <summary>What the engine is told of a token.</summary>
    public virtual FencingToken Token(string claimId, FencingToken token) => token;

    /// <summary>What the engine is told of a claim.</summary>
    public virtual ClaimResult Claimed(BuggySession session, ClaimRequest request, ClaimResult result) => result;

    /// <summary>A claim was released.</summary>
    public virtual void Released(BuggySession session, ClaimKey claim)
    {
    }

    /// <summary>A session was opened.</summary>
    public virtual void Opened(BuggySession session)
    {
    }
}
