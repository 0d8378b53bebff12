namespace Coordination.Benchmarks.Commands;

/// <summary>How the program ends.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Two held at once, or what must not be missed was.</summary>
    public const int Violation = 1;

    /// <summary>Bad options, no server, or a peer that cannot be loaded.</summary>
    public const int Usage = 2;

    /// <summary>Something else went wrong.</summary>
    public const int Failure = 3;
}
