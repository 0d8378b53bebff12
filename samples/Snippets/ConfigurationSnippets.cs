using Coordination.InMemory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Snippets;

internal static class ConfigurationSnippets
{
    public static void Choose(HostApplicationBuilder builder)
    {
        // snippet: configuration-choose
        builder.Services
            .AddCoordinator(builder.Configuration.GetSection("Coordination"))
            .UseConfiguredBackend(backends => backends.AddRedis().AddRedlock().AddEtcd().AddZooKeeper());
        // end
    }

    public static void Keyed(HostApplicationBuilder builder)
    {
        // snippet: configuration-keyed
        builder.Services.AddCoordinator().UseRedis("localhost:6379");
        builder.Services.AddKeyedCoordinator("orders", options => options.LeaseDuration = TimeSpan.FromSeconds(10)).UseEtcd("http://etcd1:2379");
        builder.Services.AddKeyedCoordinator("mail", builder.Configuration.GetSection("Mail")).UseConfiguredBackend(backends => backends.AddRedis());
        // end
    }

    // snippet: configuration-inject
    public sealed class OrderService(ICoordinator coordinator, [FromKeyedServices("orders")] ICoordinator orders)
    {
        public IDistributedLock Local { get; } = coordinator.CreateLock("order/42");

        public IDistributedLock Shared { get; } = orders.CreateLock("order/42"); // another backend: another lock
    }
    // end

    public static void Own(HostApplicationBuilder builder, InMemoryServer server)
    {
        // snippet: configuration-own
        builder.Services
            .AddCoordinator(builder.Configuration.GetSection("Coordination"))
            .UseConfiguredBackend(backends => backends.Add("Mine", (coordinator, settings) => coordinator.UseInMemory(server)));
        // end
    }
}
