namespace Coordination.Backends;

/// <summary>What session is asked for.</summary>
/// <param name="Duration">How long it outlives its last renewal: from <see cref="BackendDescription.MinDuration"/> to <see cref="BackendDescription.MaxDuration"/>.</param>
public sealed record SessionRequest(TimeSpan Duration)
{
    /// <summary>The ticket that <see cref="IBackendSession.DetachAsync"/> returned, of a session to take over, or <see langword="null"/> for a new one.</summary>
    public string? Ticket { get; init; }

    /// <summary>
    /// The shortest session that will do where it goes on from a <see cref="Ticket"/> and may be shorter than <see cref="Duration"/>: in a shorter one the lease's safety margin would begin at once, and the lease be
    /// lost. A backend that cannot give so much refuses before it takes the session over, so that the ticket stays good. Zero when any will do.
    /// </summary>
    public TimeSpan ShortestDuration { get; init; }
}
