namespace Coordination.Torture;

/// <summary>A store that takes a write only with a token that is not smaller than the greatest it has seen.</summary>
internal interface IRegister
{
    /// <summary>Writes; whether it was accepted, the store records. A store that is out of reach is no matter of the holder's.</summary>
    /// <param name="resource">The register.</param>
    /// <param name="token">The lease's token.</param>
    /// <param name="hold">Who writes.</param>
    ValueTask WriteAsync(string resource, long token, string hold);
}
