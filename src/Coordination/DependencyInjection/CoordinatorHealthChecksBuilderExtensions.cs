using Coordination;
using Coordination.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health of a coordinator to the health checks of an application.</summary>
public static class CoordinatorHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check of a coordinator, which costs one round trip a look. Its status is <paramref name="failureStatus"/> when the backend does not answer within the operation timeout,
    /// and <see cref="HealthStatus.Degraded"/> when sessions are late with their renewal or leases were lost lately.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="key">The coordinator's key; <see langword="null"/> for the default coordinator.</param>
    /// <param name="name">The check's name; <see langword="null"/> for <c>coordination</c>, with a key <c>coordination-key</c>.</param>
    /// <param name="failureStatus">The status when the backend does not answer; <see langword="null"/> for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to choose the check by.</param>
    /// <param name="lossWindow">How long a lost lease counts: zero or more. <see langword="null"/> for 1 minute.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The window is negative.</exception>
    public static IHealthChecksBuilder AddCoordinator(
        this IHealthChecksBuilder builder,
        string? key = null,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? lossWindow = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var window = lossWindow ?? TimeSpan.FromMinutes(1);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero, nameof(lossWindow));
        return builder.Add(new HealthCheckRegistration(
            name ?? (key is null ? "coordination" : $"coordination-{key}"),
            provider => new CoordinatorHealthCheck(
                key is null ? provider.GetRequiredService<Coordinator>() : provider.GetRequiredKeyedService<Coordinator>(key), window),
            failureStatus,
            tags));
    }
}
