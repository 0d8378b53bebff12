using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>What every claim of one lock, semaphore or candidate has in common. Made once by the front, not per call.</summary>
internal sealed record ClaimTemplate(
    string Resource, ClaimMode Mode, int Limit, string Value, LeaseTerms Terms, Primitive Primitive)
{
    /// <summary>Elections are watched; nobody watches a lock.</summary>
    public bool Announce => Primitive == Primitive.Election;

    public ClaimRequest Ask(ClaimKey key, ClaimIntent intent) =>
        new(key, Mode, Limit, Value) { Intent = intent, Announce = Announce };
}

/// <summary>What the user made, for telemetry, messages and tickets.</summary>
internal enum Primitive
{
    Lock,
    ReadLock,
    WriteLock,
    Semaphore,
    Election,
}

internal static class PrimitiveNames
{
    public static string Name(this Primitive primitive) => primitive switch
    {
        Primitive.Lock => "lock",
        Primitive.ReadLock => "read_lock",
        Primitive.WriteLock => "write_lock",
        Primitive.Semaphore => "semaphore",
        _ => "election",
    };
}
