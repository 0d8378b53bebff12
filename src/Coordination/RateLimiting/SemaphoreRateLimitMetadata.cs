using System.Threading.RateLimiting;

namespace Coordination.RateLimiting;

/// <summary>What a <see cref="RateLimitLease"/> of a distributed semaphore knows besides.</summary>
public static class SemaphoreRateLimitMetadata
{
    /// <summary>The permit itself, of a lease that was acquired: its <see cref="ILease.Lost"/> tells that another may hold it.</summary>
    public static MetadataName<ILease> Permit { get; } = MetadataName.Create<ILease>("Coordination.Permit");
}
