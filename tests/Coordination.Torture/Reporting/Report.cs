using Coordination.Torture.Checking;

namespace Coordination.Torture.Reporting;

/// <summary>What was run.</summary>
internal sealed record RunSettings(string Backend, string? Peer, int Seed, double Minutes, int Clients, int Workers, TimeSpan LeaseDuration);

/// <summary>A violation, and the seed that gives it.</summary>
internal sealed record FoundViolation(int Seed, Violation Violation);

/// <summary>Times, in order.</summary>
internal sealed record Distribution(int Count, TimeSpan Median, TimeSpan P90, TimeSpan P99, TimeSpan Most)
{
    public static Distribution Of(List<TimeSpan> times)
    {
        times.Sort();
        return times.Count == 0
            ? new Distribution(0, default, default, default, default)
            : new Distribution(times.Count, At(0.5), At(0.9), At(0.99), times[^1]);

        TimeSpan At(double part) => times[(int)Math.Min(times.Count - 1, times.Count * part)];
    }
}

/// <summary>What a run did, and what it found.</summary>
internal sealed record Report
{
    public required RunSettings Settings { get; init; }

    /// <summary>How long it ran; in simulations, by the machine's clock.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>How many histories were checked.</summary>
    public required int Schedules { get; init; }

    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    public required int FaultsInAll { get; init; }

    public required IReadOnlyDictionary<string, int> Operations { get; init; }

    public required int OperationsInAll { get; init; }

    public required int Acquisitions { get; init; }

    /// <summary>From the end of a lease that was lost, or whose holder died, to the grant of one who waited.</summary>
    public required Distribution Takeovers { get; init; }

    /// <summary>From a release to the grant of one who waited.</summary>
    public required Distribution HandOffs { get; init; }

    public required int WritesAccepted { get; init; }

    public required int WritesRefused { get; init; }

    public required int Inspections { get; init; }

    public required IReadOnlyList<FoundViolation> Violations { get; init; }
}
