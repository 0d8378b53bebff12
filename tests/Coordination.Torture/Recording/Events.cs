using System.Text.Json.Serialization;

namespace Coordination.Torture.Recording;

/// <summary>What a client asked for.</summary>
internal enum Operation
{
    Acquire,
    TryAcquire,
    Attach,
    Release,
    Renew,
    Detach,
    Proclaim,
}

/// <summary>How a call ended. A call without an end has an unknown outcome: it may have happened or not.</summary>
internal enum Outcome
{
    /// <summary>A lease was handed out.</summary>
    Granted,

    /// <summary>Others held it until the time was up.</summary>
    NotGranted,

    Cancelled,
    Done,

    /// <summary>The lease was lost before.</summary>
    Lost,

    /// <summary>The server could not be told, or did not answer: what it did with the request is unknown.</summary>
    Failed,

    /// <summary>An exception came that is no answer of the library's: a bug by itself.</summary>
    Unexpected,
}

/// <summary>How a holder stopped believing.</summary>
internal enum HoldEnd
{
    Released,
    Lost,
    Detached,
}

/// <summary>What one process saw, at a moment of the clock that all processes of the machine share (and the simulation has).</summary>
/// <param name="At">The moment, since the beginning of the run.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(CallStarted), "call")]
[JsonDerivedType(typeof(CallCancelled), "cancel")]
[JsonDerivedType(typeof(CallEnded), "end")]
[JsonDerivedType(typeof(HoldBegan), "held")]
[JsonDerivedType(typeof(HoldSeen), "seen")]
[JsonDerivedType(typeof(HoldEnded), "over")]
[JsonDerivedType(typeof(RegisterWritten), "write")]
[JsonDerivedType(typeof(QueueSeen), "queue")]
[JsonDerivedType(typeof(FaultInjected), "fault")]
[JsonDerivedType(typeof(ClientDied), "died")]
[JsonDerivedType(typeof(QuietBegan), "quiet")]
internal abstract record Event(TimeSpan At);

/// <summary>A call begins.</summary>
/// <param name="At">When.</param>
/// <param name="Call">Its id.</param>
/// <param name="Client">Who makes it.</param>
/// <param name="Operation">What.</param>
/// <param name="Resource">On what.</param>
/// <param name="Mode">As what.</param>
/// <param name="Limit">How many may, where that is counted.</param>
/// <param name="Budget">How long it may take; <see langword="null"/> for as long as others hold.</param>
internal sealed record CallStarted(
    TimeSpan At, string Call, string Client, Operation Operation, string Resource, ClaimMode Mode, int Limit, TimeSpan? Budget) : Event(At);

/// <summary>Its caller gives up.</summary>
internal sealed record CallCancelled(TimeSpan At, string Call) : Event(At);

/// <summary>A call ends.</summary>
internal sealed record CallEnded(TimeSpan At, string Call, Outcome Outcome, string? Error = null) : Event(At);

/// <summary>A client believes from now on that it holds.</summary>
/// <param name="At">When: before the lease was asked for its state.</param>
/// <param name="Hold">The call that brought it.</param>
/// <param name="Token">Its token, where there is one.</param>
/// <param name="Claim">The claim's id at the server, where that is known.</param>
/// <param name="Until">Until when the lease says that it is held if nothing more is heard.</param>
internal sealed record HoldBegan(TimeSpan At, string Hold, long? Token, string? Claim, TimeSpan Until) : Event(At);

/// <summary>It still believes so.</summary>
internal sealed record HoldSeen(TimeSpan At, string Hold, TimeSpan Until) : Event(At);

/// <summary>It believes so no longer.</summary>
internal sealed record HoldEnded(TimeSpan At, string Hold, HoldEnd How) : Event(At);

/// <summary>The register store was asked to write.</summary>
/// <param name="At">When it decided.</param>
/// <param name="Resource">The register.</param>
/// <param name="Hold">Who wrote.</param>
/// <param name="Token">With which token.</param>
/// <param name="Highest">The highest that it had seen before.</param>
/// <param name="IsAccepted">Whether it took it.</param>
internal sealed record RegisterWritten(TimeSpan At, string Resource, string Hold, long Token, long Highest, bool IsAccepted) : Event(At);

/// <summary>A claim in a queue: its id, and the call that made it, which claims carry as their value.</summary>
internal readonly record struct QueuedClaim(string Id, string Call);

/// <summary>An observer asked for a queue.</summary>
/// <param name="At">When it asked.</param>
/// <param name="Answered">When it was answered: the queue was so at some moment in between.</param>
/// <param name="Resource">The resource.</param>
/// <param name="Holders">Those granted.</param>
/// <param name="Waiters">Those that wait, in order.</param>
/// <param name="IsFinal">Whether all clients have left, and long enough ago.</param>
internal sealed record QueueSeen(
    TimeSpan At, TimeSpan Answered, string Resource, IReadOnlyList<QueuedClaim> Holders, IReadOnlyList<QueuedClaim> Waiters, bool IsFinal = false) : Event(At);

/// <summary>Something is made to go wrong.</summary>
/// <param name="At">From when.</param>
/// <param name="Until">Until when.</param>
/// <param name="Kind">What.</param>
/// <param name="Target">To what.</param>
/// <param name="Stops">The client that does nothing meanwhile, so that its calls are late by as much.</param>
/// <param name="VoidsClient">The client whose leases are ended by force; <c>*</c> for all: until they are told, another may be granted.</param>
/// <param name="VoidsClaim">The claim that is ended by force; its holder must be told.</param>
/// <param name="ShowsOld">Whether an inspection meanwhile may show what was, and says nothing.</param>
/// <param name="VoidsFrom">Since when leases may be ended, if that is not from the beginning: those that are handed out by <paramref name="Until"/>.</param>
internal sealed record FaultInjected(
    TimeSpan At, TimeSpan Until, string Kind, string Target, string? Stops = null, string? VoidsClient = null, string? VoidsClaim = null, bool ShowsOld = false,
    TimeSpan? VoidsFrom = null) : Event(At);

/// <summary>A client is no more.</summary>
internal sealed record ClientDied(TimeSpan At, string Client) : Event(At);

/// <summary>From now on nothing goes wrong, and nothing new is begun: what waits must come to its end.</summary>
internal sealed record QuietBegan(TimeSpan At) : Event(At);
