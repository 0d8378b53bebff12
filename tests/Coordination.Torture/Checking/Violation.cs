using Coordination.Torture.Recording;

namespace Coordination.Torture.Checking;

/// <summary>What a history must show.</summary>
internal enum Rule
{
    /// <summary>At most one believes to hold what is exclusive. (G1)</summary>
    Exclusion,

    /// <summary>No more permits than there are. (G1)</summary>
    Capacity,

    /// <summary>No reader beside a writer. (G1)</summary>
    ReadersAndWriters,

    /// <summary>At most one leader. (G1)</summary>
    OneLeader,

    /// <summary>A later grant has a greater token, and no two have the same. (G2)</summary>
    TokenOrder,

    /// <summary>The register store refuses no holder whose lease is live. (G2)</summary>
    StoreOrder,

    /// <summary>The server has a claim as long as its holder believes, and no other beside it. (G3)</summary>
    LossBeforeGiveAway,

    /// <summary>A claim that was ended by force is told. (G3)</summary>
    LossIsTold,

    /// <summary>At the end no queue has a claim. (G4, G8)</summary>
    NothingLeftBehind,

    /// <summary>Nobody who came later and stands behind is granted first. (G6)</summary>
    Order,

    /// <summary>Every call ends within its time. (G10)</summary>
    Budget,

    /// <summary>Whoever waits gets it when nothing stands in the way any more. (G4, G8)</summary>
    ClaimLostForEver,

    /// <summary>A fault of the world comes as one of the library's exceptions, and nothing else does. (G10)</summary>
    UnexpectedError,
}

/// <summary>A promise that was not kept.</summary>
/// <param name="Rule">Which.</param>
/// <param name="At">When.</param>
/// <param name="What">In words.</param>
/// <param name="Around">The events that show it, and the faults meanwhile: the shortest history.</param>
internal sealed record Violation(Rule Rule, TimeSpan At, string What, IReadOnlyList<Event> Around)
{
    public override string ToString() => FormattableString.Invariant($"{Rule} at {At.TotalMilliseconds:0.000} ms: {What}");
}
