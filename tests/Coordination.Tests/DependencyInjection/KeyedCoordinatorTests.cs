using Coordination.Conformance;
using Coordination.Hosting;
using Coordination.InMemory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Coordination.Tests.DependencyInjection;

/// <summary>Several coordinators in one container.</summary>
public sealed class KeyedCoordinatorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_key_has_a_coordinator_of_its_own_beside_the_default_one()
    {
        var (orders, mail) = (new InMemoryServer(), new InMemoryServer());
        using var host = Host(services =>
        {
            services.AddCoordinator().UseInMemory();
            services.AddKeyedCoordinator("orders", static options => options.Holder = "o").UseInMemory(orders);
            services.AddKeyedCoordinator("mail", static options => options.Holder = "m").UseInMemory(mail);
            services.AddSingleton<Consumer>();
        });
        await host.StartAsync(Ct);
        var consumer = host.Services.GetRequiredService<Consumer>();

        await using var first = await consumer.Orders.CreateLock("x").AcquireAsync(Ct);
        await using var second = await consumer.Mail.CreateLock("x").AcquireAsync(Ct);
        await using var third = await consumer.Default.CreateLock("x").AcquireAsync(Ct);

        Assert.Equal("o", (await consumer.Orders.InspectAsync("x", Ct)).Holders.Single().Value);
        Assert.Equal("m", (await consumer.Mail.InspectAsync("x", Ct)).Holders.Single().Value);
        Assert.Same(consumer.Orders, host.Services.GetRequiredKeyedService<Coordinator>("orders"));
    }

    [Fact]
    public async Task Disposing_the_container_disposes_them_too()
    {
        var server = new InMemoryServer();
        await using var other = new Coordinator(server.CreateBackend());
        var host = Host(services => services.AddKeyedCoordinator("orders").UseInMemory(server));
        var lease = await host.Services.GetRequiredKeyedService<ICoordinator>("orders").CreateLock("x").AcquireAsync(Ct);

        host.Dispose();

        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.NotNull(await other.CreateLock("x").TryAcquireAsync(Ct));
    }

    [Fact]
    public async Task A_leader_elected_service_stands_for_election_on_the_coordinator_of_its_builder()
    {
        var server = new InMemoryServer();
        await using var other = new Coordinator(server.CreateBackend());
        using var host = Host(services =>
        {
            services.AddSingleton(new HostIdentity("h")).AddSingleton<TermJournal>().AddScoped<TermScope>();
            services.AddCoordinator().UseInMemory();
            services.AddKeyedCoordinator("orders").UseInMemory(server).AddLeaderElectedService<RecordedService>("x", static options => options.Candidate = "here");
        });
        await host.StartAsync(Ct);

        await foreach (var leader in other.CreateLeaderElection("x").ObserveAsync(Ct))
        {
            if (leader is { Value: "here" })
            {
                break;
            }
        }

        Assert.True(host.Services.GetRequiredKeyedService<ILeadershipStatus>("x").IsLeader);
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task An_option_out_of_range_and_a_missing_backend_name_the_key()
    {
        using var options = Host(static services => services.AddKeyedCoordinator("orders", static options => options.LeaseDuration = TimeSpan.Zero).UseInMemory());
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => options.StartAsync(Ct));
        Assert.Contains("'orders': LeaseDuration", exception.Message, StringComparison.Ordinal);

        using var backend = Host(static services => services.AddKeyedCoordinator("orders"));
        exception = await Assert.ThrowsAsync<OptionsValidationException>(() => backend.StartAsync(Ct));
        Assert.Contains("AddKeyedCoordinator(\"orders\")", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_one_of_the_same_key_and_a_second_default_one_are_refused_with_advice()
    {
        var services = new ServiceCollection();
        services.AddKeyedCoordinator("orders").UseInMemory();
        services.AddCoordinator().UseInMemory();

        Assert.Contains("'orders'", Assert.Throws<InvalidOperationException>(() => services.AddKeyedCoordinator("orders")).Message, StringComparison.Ordinal);
        Assert.Contains("AddKeyedCoordinator", Assert.Throws<InvalidOperationException>(() => services.AddCoordinator()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("key", () => services.AddKeyedCoordinator(" "));
    }

    private static IHost Host(Action<IServiceCollection> configure)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services);
        return builder.Build();
    }

    private sealed class Consumer(
        ICoordinator coordinator, [FromKeyedServices("orders")] ICoordinator orders, [FromKeyedServices("mail")] ICoordinator mail)
    {
        public ICoordinator Default => coordinator;

        public ICoordinator Orders => orders;

        public ICoordinator Mail => mail;
    }
}
