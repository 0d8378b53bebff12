namespace Coordination.Leases;

/// <summary>The one deadline rule: until when a server certainly keeps what it was asked to keep.</summary>
internal static class Guarantee
{
    /// <summary>The assumed bound on how much faster the server's clock may run than ours: 1 %, and 2 ms for the granularity of both.</summary>
    private const double DriftRate = 0.01;

    private static readonly TimeSpan DriftFloor = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// Counts from before the <b>send</b> of a request whose own reply arrived: the server's period began at that moment or later. Never from the reply, and never from a
    /// pushed grant, of which nobody knows how old it is.
    /// </summary>
    public static TimeSpan Until(TimeSpan send, TimeSpan duration, TimeSpan? remaining = null)
    {
        var span = remaining is { } told && told < duration ? told : duration;
        return send + span - (span * DriftRate) - DriftFloor;
    }
}
