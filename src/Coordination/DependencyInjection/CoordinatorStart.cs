using Microsoft.Extensions.Hosting;

namespace Coordination.DependencyInjection;

/// <summary>Makes the coordinator when the host starts: what is wrong with its set-up fails the start, not the first lock. Nothing is sent.</summary>
internal sealed class CoordinatorStart(IServiceProvider services, ICoordinatorBuilder builder) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = builder.CoordinatorOf(services);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
