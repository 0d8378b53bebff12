using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Coordination.Diagnostics;

/// <summary>Whether the backend answers, sessions are renewed in time, and leases were lost lately.</summary>
internal sealed class CoordinatorHealthCheck(Coordinator coordinator, TimeSpan lossWindow) : IHealthCheck
{
    /// <summary>A resource that nobody claims: looked at, to see whether the backend answers.</summary>
    private const string Probe = "coordination/health";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var engine = coordinator.Engine;
        var backend = engine.Backend.Description.Name;
        var now = engine.Clock.Now;
        var (open, late) = engine.Sessions.Count(now);
        var lost = engine.Losses.CountSince(now - lossWindow);
        var data = new Dictionary<string, object> { ["backend"] = backend, ["sessions"] = open, ["lateSessions"] = late, ["lostLeases"] = lost };
        try
        {
            await coordinator.InspectAsync(Probe, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"{backend} does not answer. {exception.Message}", exception, data);
        }

        var description = (late, lost) switch
        {
            (0, 0) => $"{backend} answers; {open} sessions are renewed in time.",
            (0, _) => $"{backend} answers, but {lost} leases were lost within {lossWindow}.",
            (_, 0) => $"{backend} answers, but {late} of {open} sessions are late with their renewal: their leases are nearly lost.",
            _ => $"{backend} answers, but {late} of {open} sessions are late with their renewal, and {lost} leases were lost within {lossWindow}.",
        };
        return new HealthCheckResult(late + lost == 0 ? HealthStatus.Healthy : HealthStatus.Degraded, description, data: data);
    }
}
