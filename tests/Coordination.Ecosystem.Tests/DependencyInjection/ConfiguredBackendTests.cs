using Coordination.DependencyInjection;
using Coordination.Ecosystem.Tests.Diagnostics;
using Coordination.Etcd;
using Coordination.InMemory;
using Coordination.Redis;
using Coordination.ZooKeeper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Coordination.Ecosystem.Tests.DependencyInjection;

/// <summary>An appsettings section chooses the backend; what is wrong in it fails the start, and is named by its key.</summary>
[Collection(Meters.OneByOne)]
public sealed class ConfiguredBackendTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_section_chooses_the_backend_and_its_settings()
    {
        using var host = Build(
            """
            { "Coordination": { "Backend": "redis", "LeaseDuration": "00:00:12", "Redis": { "Configuration": "redis1:6380", "KeyPrefix": "mine" } } }
            """);
        await host.StartAsync(Ct);

        Assert.Equal("redis1:6380", OptionsOf<RedisBackendOptions>(host, "").Configuration);
        Assert.Equal("mine", OptionsOf<RedisBackendOptions>(host, "").KeyPrefix);
        Assert.Equal(TimeSpan.FromSeconds(12), OptionsOf<CoordinatorOptions>(host, "").LeaseDuration);
    }

    [Fact]
    public async Task Redlock_is_chosen_by_its_name_and_reads_its_masters_from_its_section()
    {
        using var host = Build(
            """
            { "Coordination": { "Backend": "Redlock", "Redlock": { "Masters": [ "redis1:6379", "redis2:6379", "redis3:6379" ], "MasterTimeout": "00:00:02" } } }
            """);
        await host.StartAsync(Ct);

        Assert.Equal(["redis1:6379", "redis2:6379", "redis3:6379"], OptionsOf<RedlockBackendOptions>(host, "").Masters);
        Assert.Equal(TimeSpan.FromSeconds(2), OptionsOf<RedlockBackendOptions>(host, "").MasterTimeout);
    }

    [Fact]
    public async Task InMemory_is_always_there_and_needs_no_section_of_its_own()
    {
        using var host = Build("""{ "Coordination": { "Backend": "InMemory" } }""");
        await host.StartAsync(Ct);

        await using var lease = await host.Services.GetRequiredService<ICoordinator>().CreateLock("x").AcquireAsync(Ct);

        Assert.Equal(LeaseState.Held, lease.State);
    }

    [Fact]
    public async Task Coordinators_under_keys_each_have_a_backend_and_settings_of_their_own()
    {
        var configuration = Json(
            """
            {
              "Orders": { "Backend": "Etcd", "Holder": "orders", "Etcd": { "Endpoints": "http://etcd1:2379" } },
              "Mail": { "Backend": "Redis", "Holder": "mail", "Redis": { "Configuration": "redis1:6379" } },
              "Local": { "Backend": "InMemory" }
            }
            """);
        using var host = Build(services =>
        {
            services.AddCoordinator(configuration.GetSection("Local")).UseConfiguredBackend();
            services.AddKeyedCoordinator("orders", configuration.GetSection("Orders")).UseConfiguredBackend(AddAll);
            services.AddKeyedCoordinator("mail", configuration.GetSection("Mail")).UseConfiguredBackend(AddAll);
        });
        await host.StartAsync(Ct);

        Assert.Equal("http://etcd1:2379", OptionsOf<EtcdBackendOptions>(host, "orders").Endpoints);
        Assert.Equal("redis1:6379", OptionsOf<RedisBackendOptions>(host, "mail").Configuration);
        var coordinators = new[]
        {
            host.Services.GetRequiredService<ICoordinator>(),
            host.Services.GetRequiredKeyedService<ICoordinator>("orders"),
            host.Services.GetRequiredKeyedService<ICoordinator>("mail"),
        };
        Assert.Equal(3, coordinators.Distinct().Count());
        Assert.Equal("orders", coordinators[1].CreateLeaderElection("x").Candidate);
        Assert.Equal("mail", coordinators[2].CreateLeaderElection("x").Candidate);
    }

    [Theory]
    [InlineData("""{ }""", "no section 'Coordination'", "\"Backend\"")]
    [InlineData("""{ "Coordination": { "LeaseDuration": "00:00:10" } }""", "'Coordination:Backend' is missing", "Etcd, InMemory, Redis, Redlock, ZooKeeper")]
    [InlineData("""{ "Coordination": { "Backend": "Rediss" } }""", "'Coordination:Backend' is 'Rediss'", "Etcd, InMemory, Redis, Redlock, ZooKeeper")]
    [InlineData("""{ "Coordination": { "Backend": "Redis" } }""", "no section 'Coordination:Redis'", "\"Configuration\": \"localhost:6379\"")]
    [InlineData("""{ "Coordination": { "Backend": "Etcd" } }""", "no section 'Coordination:Etcd'", "\"Endpoints\": \"http://etcd1:2379\"")]
    [InlineData("""{ "Coordination": { "Backend": "ZooKeeper" } }""", "no section 'Coordination:ZooKeeper'", "\"ConnectionString\": \"zk1:2181\"")]
    [InlineData("""{ "Coordination": { "Backend": "Redlock" } }""", "no section 'Coordination:Redlock'", "\"Masters\": [ \"redis1:6379\"")]
    [InlineData("""{ "Coordination": { "Backend": "Redlock", "Redlock": { "Masters": [ "redis1:6379", "redis2:6379" ] } } }""", "Coordination:Redlock:Masters", "odd number")]
    [InlineData("""{ "Coordination": { "Backend": "Redlock", "Redlock": { "Masters": [ "r1:1", "r2:1", "r1:1" ] } } }""", "Coordination:Redlock:Masters", "r1:1")]
    [InlineData("""{ "Coordination": { "Backend": "ZooKeeper", "ZooKeeper": { "ConnectionString": "zk1", "RootPath": "no" } } }""", "Coordination:ZooKeeper:RootPath", "absolute path")]
    [InlineData("""{ "Coordination": { "Backend": "InMemory", "LeaseDuration": "2.00:00:00" } }""", "Coordination:LeaseDuration", "1.00:00:00")]
    [InlineData("""{ "Coordination": { "Backend": "InMemory", "LeaseDuration": "soon" } }""", "Coordination:LeaseDuration", "TimeSpan")]
    [InlineData("""{ "Coordination": { "Backend": "InMemory", "OperationTimeout": "00:00:00" } }""", "Coordination:OperationTimeout", "00:00:00.0100000")]
    [InlineData("""{ "Coordination": { "Backend": "Redis", "LeaseDuration": "00:00:00.05", "Redis": { "Configuration": "redis1" } } }""", "Coordination:LeaseDuration", "minimum")]
    [InlineData("""{ "Coordination": { "Backend": "Redlock", "LeaseDuration": "00:01:01", "Redlock": { "Masters": [ "r1:1", "r2:1", "r3:1" ] } } }""", "Coordination:LeaseDuration", "00:01:00 (the maximum of Redlock")]
    [InlineData("""{ "Coordination": { "Backend": "Redlock", "LeaseDuration": "00:00:20", "Redlock": { "Masters": [ "r1:1", "r2:1", "r3:1" ], "LongestDuration": "00:00:10" } } }""", "Coordination:LeaseDuration", "00:00:10 (the maximum of Redlock")]
    [InlineData("""{ "Coordination": { "Backend": "Redis", "Redis": { "Configuration": "redis1", "KeyPrefix": "{mine}" } } }""", "Coordination:Redis:KeyPrefix", "braces")]
    [InlineData("""{ "Coordination": { "Backend": "Etcd", "Etcd": { "Endpoints": "ftp://etcd1" } } }""", "Coordination:Etcd:Endpoints", "http://etcd1:2379")]
    public async Task What_is_wrong_fails_the_start_with_a_message_that_names_the_key_and_says_what_to_write(string json, string key, string advice)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using var host = Build(json);
            await host.StartAsync(Ct);
        });

        Assert.IsNotType<NullReferenceException>(exception);
        Assert.Contains(key, exception.Message, StringComparison.Ordinal);
        Assert.Contains(advice, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Redis", "Configuration", """{ "ConnectionString": "redis1:6379", "KeyPrefix": "mine" }""", "'ConnectionString', 'KeyPrefix'")]
    [InlineData("Redis", "Configuration", """{ "KeyPrefix": "mine" }""", "'KeyPrefix'")]
    [InlineData("Redis", "Configuration", "\"secret:6379\"", "a value without a key")]
    [InlineData("Redlock", "Masters", """{ "Servers": [ "redis1:6379", "redis2:6379", "redis3:6379" ] }""", "'Servers'")]
    [InlineData("Etcd", "Endpoints", """{ "Endpoint": "http://etcd1:2379" }""", "'Endpoint'")]
    [InlineData("ZooKeeper", "ConnectionString", """{ "Servers": "zk1:2181", "RootPath": "/mine" }""", "'RootPath', 'Servers'")]
    public async Task A_section_that_misnames_the_address_fails_the_start_instead_of_going_to_a_default_server(string backend, string key, string section, string found)
    {
        using var host = Build($$"""{ "Coordination": { "Backend": "{{backend}}", "{{backend}}": {{section}} } }""");

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Ct));

        Assert.StartsWith($"Coordination:{backend}:{key}", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"'Coordination:{backend}' has no key '{key}', but {found}. Write {{ \"{key}\": ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_address_that_code_sets_needs_none_in_the_section_even_if_it_is_the_default(bool isBefore)
    {
        var section = Json("""{ "Mail": { "KeyPrefix": "mine", "RootPath": "/mine" } }""").GetSection("Mail");
        using var host = Build(services =>
        {
            if (!isBefore)
            {
                Use(services);
            }

            services.Configure<RedisBackendOptions>(static options => options.Configuration = new RedisBackendOptions().Configuration);
            services.Configure<EtcdBackendOptions>("etcd", static options => options.Endpoints = "http://etcd1:2379");
            services.Configure<ZooKeeperBackendOptions>("zk", static options => options.ConnectionString = "zk1:2181");
            if (isBefore)
            {
                Use(services);
            }
        });
        await host.StartAsync(Ct);

        Assert.Equal("localhost:6379", OptionsOf<RedisBackendOptions>(host, "").Configuration);
        Assert.Equal("http://etcd1:2379", OptionsOf<EtcdBackendOptions>(host, "etcd").Endpoints);
        Assert.Equal("zk1:2181", OptionsOf<ZooKeeperBackendOptions>(host, "zk").ConnectionString);
        Assert.Equal("mine", OptionsOf<RedisBackendOptions>(host, "").KeyPrefix);

        void Use(IServiceCollection services)
        {
            services.AddCoordinator().UseRedis(section);
            services.AddKeyedCoordinator("etcd").UseEtcd(section);
            services.AddKeyedCoordinator("zk").UseZooKeeper(section);
        }
    }

    [Fact]
    public async Task A_section_that_is_not_there_fails_the_start_when_the_backend_is_chosen_in_code_too()
    {
        using var host = Build(services => services.AddKeyedCoordinator("orders", Json("{ }").GetSection("Orders")).UseInMemory());
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Ct));

        Assert.Contains("no section 'Orders'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("do not pass a section to AddKeyedCoordinator(\"orders\")", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_in_code_for_a_coordinator_under_a_key_names_the_key()
    {
        foreach (var use in new Action<ICoordinatorBuilder>[]
        {
            static builder => builder.UseRedis("redis1", static options => options.KeyPrefix = ""),
            static builder => builder.UseRedis(), // and there is no multiplexer
            static builder => builder.UseRedlock("redis1", "redis2"),
            static builder => builder.UseEtcd("etcd1", static options => options.KeyPrefix = ""),
            static builder => builder.UseZooKeeper("zk1", static options => options.RootPath = ""),
        })
        {
            using var host = Build(services =>
            {
                services.AddCoordinator().UseRedis("localhost"); // which is right
                use(services.AddKeyedCoordinator("orders"));
            });
            var exception = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(Ct));

            Assert.StartsWith("The coordinator 'orders': ", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_coordinator_without_a_section_is_told_to_have_one()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddCoordinator().UseConfiguredBackend(AddAll));

        Assert.Contains("AddCoordinator(configuration.GetSection(\"Coordination\"))", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddKeyedCoordinator("orders").UseConfiguredBackend(AddAll));
        Assert.Contains("AddKeyedCoordinator(\"orders\", configuration.GetSection(", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backend_of_ones_own_can_be_chosen_and_two_of_one_name_cannot()
    {
        var server = new InMemoryServer();
        var section = Json("""{ "Coordination": { "Backend": "Mine", "Mine": { "Color": "red" } } }""").GetSection("Coordination");
        string? color = null;
        using var host = Build(services => services.AddCoordinator(section).UseConfiguredBackend(backends => backends.Add("Mine", (builder, settings) =>
        {
            color = settings["Color"];
            builder.UseInMemory(server);
        })));

        Assert.NotNull(host.Services.GetRequiredService<ICoordinator>());
        Assert.Equal("red", color);
        Assert.Throws<ArgumentException>("name", () => new ServiceCollection().AddCoordinator(section).UseConfiguredBackend(static backends => backends.AddRedis().AddRedis()));
    }

    private static void AddAll(BackendChoices backends) => backends.AddRedis().AddRedlock().AddEtcd().AddZooKeeper();

    private static IHost Build(string json)
    {
        var configuration = Json(json);
        return Build(services => services.AddCoordinator(configuration.GetSection("Coordination")).UseConfiguredBackend(AddAll));
    }

    private static IHost Build(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services);
        return builder.Build();
    }

    private static IConfigurationRoot Json(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build();

    private static T OptionsOf<T>(IHost host, string name) => host.Services.GetRequiredService<IOptionsMonitor<T>>().Get(name);
}
