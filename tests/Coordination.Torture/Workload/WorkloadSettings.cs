namespace Coordination.Torture;

/// <summary>How long clients' things take.</summary>
internal sealed record WorkloadSettings
{
    public required TimeSpan LeaseDuration { get; init; }

    public required TimeSpan OperationTimeout { get; init; }

    /// <summary>The longest that a lease is held on purpose.</summary>
    public required TimeSpan LongestHold { get; init; }

    /// <summary>The longest pause between two leases.</summary>
    public required TimeSpan LongestPause { get; init; }

    /// <summary>How often a holder looks whether it still holds.</summary>
    public required TimeSpan Look { get; init; }

    /// <summary>How many of ten want something that all want.</summary>
    public int HotOfTen { get; init; } = 7;

    /// <summary>Locks only, whose leases are waited for and given back: all that the peers know.</summary>
    public bool IsLocksOnly { get; init; }

    public CoordinatorOptions ToOptions(string holder) => new() { LeaseDuration = LeaseDuration, OperationTimeout = OperationTimeout, Holder = holder };
}
