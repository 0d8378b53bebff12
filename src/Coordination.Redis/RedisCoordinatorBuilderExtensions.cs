using Coordination.DependencyInjection;
using Coordination.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the Redis backend.</summary>
public static class RedisCoordinatorBuilderExtensions
{
    /// <summary>Uses a Redis server, over a connection of its own that is made at the first claim.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configuration">Where the server is, as StackExchange.Redis writes it: <c>localhost:6379</c>.</param>
    /// <param name="configure">Changes the options. They are checked when the host starts.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The configuration is empty.</exception>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseRedis(
        this ICoordinatorBuilder builder, string configuration, Action<RedisBackendOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(configuration);
        var options = Options(builder).Configure(options => options.Configuration = configuration);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        return builder.UseBackend(provider => RedisBackend.Create(Read(provider, builder.Name), provider.GetService<ILoggerFactory>()));
    }

    /// <summary>Uses a Redis server whose <see cref="RedisBackendOptions"/> are bound from a section of the configuration.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configuration">The section, with <c>Configuration</c> (<c>localhost:6379</c>), which has no default here, and keys like <c>KeyPrefix</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseRedis(this ICoordinatorBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        Options(builder, configuration).Bind(configuration);
        return builder.UseBackend(provider => RedisBackend.Create(Read(provider, builder.Name), provider.GetService<ILoggerFactory>()));
    }

    /// <summary>Uses the <see cref="IConnectionMultiplexer"/> that the container has (for a keyed coordinator: the one under its key, if there is one), and leaves its disposal to the container.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configure">Changes the options; <see cref="RedisBackendOptions.Configuration"/> is not looked at.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseRedis(this ICoordinatorBuilder builder, Action<RedisBackendOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = Options(builder);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        return builder.UseBackend(provider => new RedisBackend(
            MultiplexerOf(provider, builder.Name) ?? throw new InvalidOperationException(
                (builder.Name.Length == 0 ? "" : $"The coordinator '{builder.Name}': ")
                + "UseRedis() without a configuration takes the container's IConnectionMultiplexer, and there is none. Register one, or write UseRedis(\"localhost:6379\")."),
            Read(provider, builder.Name),
            provider.GetService<ILoggerFactory>()));
    }

    /// <summary>Lets a configuration choose Redis by the name <c>Redis</c>, with its <see cref="RedisBackendOptions"/> in a section of that name: <c>"Redis": { "Configuration": "localhost:6379" }</c>.</summary>
    /// <param name="choices">The backends to choose from.</param>
    /// <returns>The choices.</returns>
    public static BackendChoices AddRedis(this BackendChoices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Add("Redis", static (builder, section) => builder.UseRedis(section));
    }

    private static OptionsBuilder<RedisBackendOptions> Options(ICoordinatorBuilder builder, IConfiguration? section = null) =>
        builder.Services.AddOptions<RedisBackendOptions>(builder.Name)
            .ValidateBackendOptions(
                section, "{ \"Configuration\": \"localhost:6379\" }", RedisBackendOptionsValidator.Failures,
                nameof(RedisBackendOptions.Configuration), static options => options.Configuration = "");

    private static RedisBackendOptions Read(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<RedisBackendOptions>>().Get(name);

    private static IConnectionMultiplexer? MultiplexerOf(IServiceProvider provider, string key) =>
        (key.Length > 0 ? provider.GetKeyedService<IConnectionMultiplexer>(key) : null) ?? provider.GetService<IConnectionMultiplexer>();
}
