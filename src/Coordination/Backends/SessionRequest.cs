namespace Coordination.Backends;

/// <summary>What session is asked for.</summary>
/// <param name="Duration">How long it outlives its last renewal: from <see cref="BackendDescription.MinDuration"/> to <see cref="BackendDescription.MaxDuration"/>.</param>
public sealed record SessionRequest(TimeSpan Duration)
{
    /// <summary>The ticket that <see cref="IBackendSession.DetachAsync"/> returned, of a session to take over, or <see langword="null"/> for a new one.</summary>
    public string? Ticket { get; init; }
}
