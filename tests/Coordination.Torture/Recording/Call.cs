namespace Coordination.Torture.Recording;

/// <summary>A call, put together from its events.</summary>
internal sealed record Call(CallStarted Started)
{
    public TimeSpan? CancelledAt { get; set; }

    /// <summary>When it ended; <see langword="null"/> when that was never told.</summary>
    public TimeSpan? EndedAt { get; set; }

    public Outcome? Outcome { get; set; }

    public string? Error { get; set; }
}
