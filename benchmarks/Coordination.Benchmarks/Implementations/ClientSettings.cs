namespace Coordination.Benchmarks.Implementations;

/// <summary>All that a process needs to know to take part: which implementation, on which servers.</summary>
/// <param name="Backend">A key of <see cref="Servers.BackendCatalog"/>.</param>
/// <param name="Connection">Where its servers are.</param>
/// <param name="Implementation">A key of <see cref="Catalog"/>.</param>
internal sealed record ClientSettings(string Backend, string Connection, string Implementation)
{
    /// <summary>What is asked for.</summary>
    public Primitive Primitive { get; init; }

    /// <summary>How many hold a semaphore at once.</summary>
    public int Permits { get; init; } = 1;

    /// <summary>How many ask at once, for what has to be made ready for each.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How long a crashed holder's lease lives; <see langword="null"/> for the implementation's default.</summary>
    public double? LeaseSeconds { get; init; }

    /// <summary>The same as a time, or another.</summary>
    public TimeSpan LeaseOr(double seconds) => TimeSpan.FromSeconds(LeaseSeconds ?? seconds);
}
