namespace Coordination.InMemory;

/// <summary>
/// What goes wrong with one request. Faults can be combined: a request can be delayed, applied twice, and its reply lost.
/// </summary>
/// <remarks>
/// What a caller cancels is not undone: a delayed request is applied when its delay is over, as on a real network.
/// </remarks>
public sealed record InMemoryFault
{
    /// <summary>The request never reaches the server, and the caller hears nothing until it gives up.</summary>
    public static InMemoryFault DropRequest { get; } = new() { IsRequestLost = true };

    /// <summary>The request is applied, and the caller hears nothing until it gives up.</summary>
    public static InMemoryFault DropReply { get; } = new() { IsReplyLost = true };

    /// <summary>The request never reaches the server, and the caller is told of a broken connection at once.</summary>
    public static InMemoryFault FailRequest { get; } = new() { IsRequestLost = true, IsBreakSeen = true };

    /// <summary>The request is applied, and the caller is told of a broken connection instead of the answer.</summary>
    public static InMemoryFault FailReply { get; } = new() { IsReplyLost = true, IsBreakSeen = true };

    /// <summary>Whether the request is lost on the way.</summary>
    public bool IsRequestLost { get; init; }

    /// <summary>Whether the reply is lost on the way.</summary>
    public bool IsReplyLost { get; init; }

    /// <summary>Whether a loss is seen at once, as a transient <see cref="CoordinationException"/>, rather than as silence.</summary>
    public bool IsBreakSeen { get; init; }

    /// <summary>When the request is applied: when this task completes.</summary>
    public Task? ApplyAfter { get; init; }

    /// <summary>When the reply is delivered: when this task completes, after the request was applied.</summary>
    public Task? ReplyAfter { get; init; }

    /// <summary>When a second copy of the request is applied: when this task completes. Its reply is lost.</summary>
    public Task? RepeatAfter { get; init; }

    /// <summary>A request that is applied when <paramref name="moment"/> completes.</summary>
    /// <param name="moment">The moment.</param>
    /// <returns>The fault.</returns>
    public static InMemoryFault DelayRequest(Task moment) => new() { ApplyAfter = moment };

    /// <summary>A reply that is delivered when <paramref name="moment"/> completes.</summary>
    /// <param name="moment">The moment.</param>
    /// <returns>The fault.</returns>
    public static InMemoryFault DelayReply(Task moment) => new() { ReplyAfter = moment };

    /// <summary>A request of which a second copy is applied when <paramref name="moment"/> completes.</summary>
    /// <param name="moment">The moment.</param>
    /// <returns>The fault.</returns>
    public static InMemoryFault RepeatRequest(Task moment) => new() { RepeatAfter = moment };
}
