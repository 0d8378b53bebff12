using Coordination.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Snippets;

internal static class RedisSnippets
{
    public static async Task WithoutContainer(CancellationToken ct)
    {
        // snippet: without-container
        await using var coordinator = new Coordinator(RedisBackend.Create("localhost:6379"));
        await using var lease = await coordinator.CreateLock("invoice/42").AcquireAsync(ct);
        // end
    }

    // snippet: with-container
    public static void AddCoordination(HostApplicationBuilder builder) =>
        builder.Services
            .AddCoordinator(options => options.LeaseDuration = TimeSpan.FromSeconds(15))
            .UseRedis("localhost:6379");

    public sealed class InvoiceService(ICoordinator coordinator, IInvoiceStore store)
    {
        public async Task SaveAsync(Invoice invoice, CancellationToken ct)
        {
            await using var lease = await coordinator.CreateLock($"invoice/{invoice.Id}").AcquireAsync(ct);
            await store.SaveAsync(invoice, lease.FencingToken, ct);
        }
    }
    // end

    public static void FromConfiguration(HostApplicationBuilder builder)
    {
        // snippet: from-configuration
        builder.Services
            .AddCoordinator(builder.Configuration.GetSection("Coordination"))
            .UseRedis(builder.Configuration.GetSection("Coordination:Redis"));
        // end
    }

    public static void ByEnvironment(HostApplicationBuilder builder)
    {
        // snippet: by-environment
        var coordination = builder.Services.AddCoordinator();
        if (builder.Environment.IsDevelopment())
        {
            coordination.UseInMemory();
        }
        else
        {
            coordination.UseRedis("redis.internal:6379");
        }
        // end
    }

    public static void OwnMultiplexer(HostApplicationBuilder builder)
    {
        // snippet: own-multiplexer
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect("localhost:6379"));
        builder.Services.AddCoordinator().UseRedis();
        // end
    }

    public static async Task PrivateAuthority()
    {
        // snippet: private-authority
        var configuration = ConfigurationOptions.Parse("redis1:6380,ssl=true,user=coordination,password=secret");
        configuration.TrustIssuer("authority.pem");
        configuration.SetUserPemCertificate("client.pem", "client-key.pem");
        await using var coordinator = new Coordinator(RedisBackend.Create(configuration));
        // end
    }

    public static async Task Fenced(IDatabase database, IDistributedLock exclusive, string json, CancellationToken ct)
    {
        // snippet: redis-fence
        await using var lease = await exclusive.AcquireAsync(ct);
        if (!await database.StringSetFencedAsync("invoice/42", json, lease.FencingToken))
        {
            throw new InvalidOperationException("A later holder has written: this one's lease is over.");
        }
        // end
    }

    // snippet: redlock
    public static void AddCoordinationOnMajority(HostApplicationBuilder builder) =>
        builder.Services
            .AddCoordinator(options => options.LeaseDuration = TimeSpan.FromSeconds(15))
            .UseRedlock("redis1:6379", "redis2:6379", "redis3:6379");
    // end
}
