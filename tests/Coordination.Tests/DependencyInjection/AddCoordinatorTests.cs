using Coordination.Backends;
using Coordination.InMemory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Coordination.Tests.DependencyInjection;

public sealed class AddCoordinatorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_locks_through_the_coordinator_of_its_container()
    {
        using var host = Host(static services => services.AddCoordinator().UseInMemory());
        await host.StartAsync(Cancellation);

        var coordinator = host.Services.GetRequiredService<ICoordinator>();
        await using var lease = await coordinator.CreateLock("invoice/42").AcquireAsync(Cancellation);

        Assert.Equal(LeaseState.Held, lease.State);
        Assert.Same(coordinator, host.Services.GetRequiredService<Coordinator>());
    }

    [Fact]
    public async Task Two_containers_meet_in_one_server()
    {
        var server = new InMemoryServer();
        using var one = Host(services => services.AddCoordinator().UseInMemory(server));
        using var two = Host(services => services.AddCoordinator().UseInMemory(server));

        await using var lease = await one.Services.GetRequiredService<ICoordinator>().CreateLock("x").AcquireAsync(Cancellation);

        Assert.Null(await two.Services.GetRequiredService<ICoordinator>().CreateLock("x").TryAcquireAsync(Cancellation));
    }

    [Fact]
    public async Task Options_are_bound_from_configuration()
    {
        var configuration = Configuration(("Coordination:LeaseDuration", "00:00:12"), ("Coordination:Holder", "me"));
        using var host = Host(services => services.AddCoordinator(configuration.GetSection("Coordination")).UseInMemory());

        var coordinator = host.Services.GetRequiredService<ICoordinator>();
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Cancellation);

        Assert.InRange(lease.Remaining, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(12));
        Assert.Equal("me", (await coordinator.InspectAsync("x", Cancellation)).Holders.Single().Value);
    }

    [Theory]
    [InlineData("LeaseDuration", "00:00:00")]
    [InlineData("LeaseDuration", "2.00:00:00")]
    [InlineData("SafetyMargin", "00:00:16")]
    [InlineData("OperationTimeout", "00:00:00.001")]
    public async Task An_option_out_of_range_fails_the_start_and_is_named(string key, string value)
    {
        var configuration = Configuration(($"Coordination:{key}", value));
        using var host = Host(services => services.AddCoordinator(configuration.GetSection("Coordination")).UseInMemory());

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));

        Assert.Contains(key, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_coordinator_without_a_backend_fails_the_start()
    {
        using var host = Host(static services => services.AddCoordinator());

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));

        Assert.Contains("UseInMemory", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_coordinator_or_backend_is_refused_at_the_call()
    {
        var services = new ServiceCollection();
        var builder = services.AddCoordinator().UseInMemory();

        Assert.Throws<InvalidOperationException>(() => builder.UseInMemory());
        Assert.Throws<InvalidOperationException>(() => services.AddCoordinator());
    }

    [Fact]
    public async Task Disposing_the_container_frees_what_is_held_synchronously_too()
    {
        var server = new InMemoryServer();
        await using var other = new Coordinator(server.CreateBackend());
        var host = Host(services => services.AddCoordinator().UseInMemory(server));
        var lease = await host.Services.GetRequiredService<ICoordinator>().CreateLock("x").AcquireAsync(Cancellation);

        host.Dispose();

        Assert.Equal(LeaseState.Lost, lease.State);
        Assert.NotNull(await other.CreateLock("x").TryAcquireAsync(Cancellation));
    }

    [Fact]
    public void A_container_and_a_constructor_refuse_the_same_options()
    {
        var options = new CoordinatorOptions { LeaseDuration = TimeSpan.FromMilliseconds(1) };

        var exception = Assert.Throws<ArgumentException>(() => new Coordinator(new InMemoryServer().CreateBackend(), options));

        Assert.Contains(nameof(CoordinatorOptions.LeaseDuration), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_backend_is_an_argument_error() =>
        Assert.Throws<ArgumentNullException>("backend", () => new Coordinator((ICoordinationBackend)null!));

    private static IHost Host(Action<IServiceCollection> configure)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services);
        return builder.Build();
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(static setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build();
}
