namespace Coordination.Conformance;

/// <summary>A fault that was set for the next call of a kind, and the test's hand on it.</summary>
public sealed class HeldCall
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The call has come: for a held request before it is sent, otherwise after the server has applied it.</summary>
    public Task Arrived => _arrived.Task;

    /// <summary>The server has answered the call, whether or not anybody still waits for the answer.</summary>
    public Task Completed => _completed.Task;

    /// <summary>Lets the call go on.</summary>
    public void Open() => _open.TrySetResult();

    internal FaultKind Kind { get; init; }

    internal Task Opened => _open.Task;

    internal void Arrive() => _arrived.TrySetResult();

    internal void Complete() => _completed.TrySetResult();
}

/// <summary>What happens to a call.</summary>
internal enum FaultKind
{
    /// <summary>It is not sent, and fails.</summary>
    Refuse,

    /// <summary>It is sent and applied; the reply is lost, and the call fails.</summary>
    LoseReply,

    /// <summary>It is under way until the test opens it. Its caller may have left by then; it is applied all the same.</summary>
    HoldRequest,

    /// <summary>It is applied; the reply is under way until the test opens it.</summary>
    HoldReply,
}

/// <summary>The members of the SPI, as faults and counts name them.</summary>
public enum Call
{
    OpenSession,
    Claim,
    Release,
    SetValue,
    Renew,
    Detach,
    End,
    Inspect,
    Watch,
    Maintain,
}
