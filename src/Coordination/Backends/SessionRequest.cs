namespace Coordination.Backends;

/// <summary>What session is asked for.</summary>
/// <param name="Duration">How long it outlives its last renewal: at least <see cref="BackendDescription.MinDuration"/>.</param>
public sealed record SessionRequest(TimeSpan Duration)
{
    /// <summary>The <see cref="IBackendSession.Ticket"/> of a detached session to take over, or <see langword="null"/> for a new one.</summary>
    public string? Ticket { get; init; }
}
