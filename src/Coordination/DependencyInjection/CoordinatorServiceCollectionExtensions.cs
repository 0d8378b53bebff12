using Coordination;
using Coordination.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds coordinators to a container.</summary>
public static class CoordinatorServiceCollectionExtensions
{
    /// <summary>
    /// Adds an <see cref="ICoordinator"/>, one for the whole application. Choose its backend on what this returns: <c>.UseRedis("localhost:6379")</c>,
    /// <c>.UseInMemory()</c>. The options are checked when the host starts.
    /// </summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The builder that takes the backend.</returns>
    /// <exception cref="InvalidOperationException">A coordinator was added already.</exception>
    public static ICoordinatorBuilder AddCoordinator(this IServiceCollection services, Action<CoordinatorOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return AddDefault(services, configuration: null, configure);
    }

    /// <summary>
    /// Adds an <see cref="ICoordinator"/> whose <see cref="CoordinatorOptions"/> are bound from a section of the configuration. The section may choose the backend too:
    /// see <see cref="ConfiguredBackendCoordinatorBuilderExtensions.UseConfiguredBackend"/>.
    /// </summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configuration">The section, such as <c>configuration.GetSection("Coordination")</c>, with keys like <c>LeaseDuration</c> (<c>00:00:30</c>).</param>
    /// <returns>The builder that takes the backend.</returns>
    /// <exception cref="InvalidOperationException">A coordinator was added already.</exception>
    public static ICoordinatorBuilder AddCoordinator(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return AddDefault(services, configuration, configure: null);
    }

    /// <summary>
    /// Adds an <see cref="ICoordinator"/> under a key, beside others: <c>[FromKeyedServices("orders")] ICoordinator coordinator</c>. Each has a backend and options of its own.
    /// </summary>
    /// <param name="services">The container's services.</param>
    /// <param name="key">The key, which is the name of the options too.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The builder that takes the backend.</returns>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    /// <exception cref="InvalidOperationException">A coordinator was added under this key already.</exception>
    public static ICoordinatorBuilder AddKeyedCoordinator(this IServiceCollection services, string key, Action<CoordinatorOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return AddKeyed(services, key, configuration: null, configure);
    }

    /// <summary>Adds an <see cref="ICoordinator"/> under a key, whose <see cref="CoordinatorOptions"/> are bound from a section of the configuration.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="key">The key, which is the name of the options too.</param>
    /// <param name="configuration">The section, such as <c>configuration.GetSection("Coordination:Orders")</c>.</param>
    /// <returns>The builder that takes the backend.</returns>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    /// <exception cref="InvalidOperationException">A coordinator was added under this key already.</exception>
    public static ICoordinatorBuilder AddKeyedCoordinator(this IServiceCollection services, string key, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return AddKeyed(services, key, configuration, configure: null);
    }

    private static CoordinatorBuilder AddDefault(IServiceCollection services, IConfiguration? configuration, Action<CoordinatorOptions>? configure)
    {
        if (services.Any(static service => !service.IsKeyedService && service.ServiceType == typeof(ICoordinator)))
        {
            throw new InvalidOperationException(
                "A coordinator was added to this container already. Call AddCoordinator() once, and give further ones a key: AddKeyedCoordinator(\"orders\"), "
                + "which is then injected as [FromKeyedServices(\"orders\")] ICoordinator.");
        }

        // One object behind both types, made once and disposed once.
        var builder = AddOptions(services, Options.Options.DefaultName, configuration, configure);
        services.AddSingleton(builder.Build);
        services.AddSingleton<ICoordinator>(static provider => provider.GetRequiredService<Coordinator>());
        return builder;
    }

    private static CoordinatorBuilder AddKeyed(IServiceCollection services, string key, IConfiguration? configuration, Action<CoordinatorOptions>? configure)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(ICoordinator) && key.Equals(service.ServiceKey)))
        {
            throw new InvalidOperationException(
                $"A coordinator was added to this container under the key '{key}' already. Call AddKeyedCoordinator(\"{key}\") once, or use another key.");
        }

        var builder = AddOptions(services, key, configuration, configure);
        services.AddKeyedSingleton(key, (provider, _) => builder.Build(provider));
        services.AddKeyedSingleton<ICoordinator>(key, static (provider, key) => provider.GetRequiredKeyedService<Coordinator>(key));
        return builder;
    }

    private static CoordinatorBuilder AddOptions(
        IServiceCollection services, string name, IConfiguration? configuration, Action<CoordinatorOptions>? configure)
    {
        var builder = new CoordinatorBuilder(services, name, configuration);
        var options = services.AddOptions<CoordinatorOptions>(name).ValidateOnStart();
        if (configuration is not null)
        {
            options.Bind(configuration);
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.AddSingleton<IValidateOptions<CoordinatorOptions>>(new CoordinatorBuilderValidator(builder));
        services.AddSingleton<IHostedService>(provider => new CoordinatorStart(provider, builder));
        return builder;
    }
}
