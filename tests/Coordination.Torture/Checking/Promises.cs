namespace Coordination.Torture.Checking;

/// <summary>What the backend promises, and how exactly it can be looked at.</summary>
internal sealed record Promises
{
    /// <summary>Whether queues are served in order.</summary>
    public bool IsFair { get; init; } = true;

    /// <summary>Whether readers' tokens are in order among themselves.</summary>
    public bool OrdersReaders { get; init; } = true;

    /// <summary>Whether an inspection shows the queue as it was at one moment between question and answer.</summary>
    public bool InspectsExactly { get; init; } = true;

    /// <summary>The longest lease.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How late a call may be beyond its budget: what the machine is given.</summary>
    public required TimeSpan Slack { get; init; }

    /// <summary>How long after the quiet began the last waiter must have had its turn.</summary>
    public required TimeSpan DrainLimit { get; init; }
}
