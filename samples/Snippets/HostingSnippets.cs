using Coordination.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Snippets;

internal static class HostingSnippets
{
    public static void Add(HostApplicationBuilder builder)
    {
        // snippet: hosting-add
        builder.Services
            .AddCoordinator()
            .UseRedis("localhost:6379")
            .AddLeaderElectedService<Scheduling>("scheduler")
            .AddLeaderElectedBackgroundService<MailSender>("mail"); // a BackgroundService that you have already
        // end
    }

    public static void Configure(HostApplicationBuilder builder)
    {
        // snippet: hosting-options
        builder.Services
            .AddCoordinator()
            .UseRedis("localhost:6379")
            .AddLeaderElectedService<Scheduling>("scheduler", options =>
            {
                options.Candidate = "10.0.0.7:8080"; // what others see of this instance when it leads
                options.Lease = new LeaseOptions { Duration = TimeSpan.FromSeconds(10), SafetyMargin = TimeSpan.FromSeconds(2) };
                options.MinBackoff = TimeSpan.FromSeconds(5);
                options.ExceptionBehavior = LeaderElectedServiceExceptionBehavior.FollowHost;
            });
        // end
    }

    // snippet: hosting-status
    public sealed class LeaderEndpoint([FromKeyedServices("scheduler")] ILeadershipStatus scheduler)
    {
        public async Task<string> DescribeAsync(CancellationToken ct)
        {
            if (scheduler.IsLeader) // no round trip
            {
                return $"this instance leads, term {scheduler.FencingToken}";
            }

            return await scheduler.GetLeaderAsync(ct) is { } leader ? $"{leader.Value} leads" : "nobody leads"; // one round trip
        }
    }
    // end
}

// snippet: hosting-service
public sealed class Scheduling(IScheduler scheduler) : ILeaderElectedService
{
    public async Task ExecuteAsync(ILeadership leadership, CancellationToken stoppingToken)
    {
        // The token is cancelled when the leadership is lost and when the host stops.
        await scheduler.RunAsync(leadership.FencingToken, stoppingToken);
    }
}
// end

internal sealed class MailSender(IOutbox outbox) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => outbox.SendAsync("", stoppingToken);
}
