using Coordination;
using Coordination.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a coordinator to a container.</summary>
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
        var builder = Add(services);
        if (configure is not null)
        {
            services.Configure(builder.Name, configure);
        }

        return builder;
    }

    /// <summary>Adds an <see cref="ICoordinator"/> whose <see cref="CoordinatorOptions"/> are bound from a section of the configuration.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configuration">The section, such as <c>configuration.GetSection("Coordination")</c>, with keys like <c>LeaseDuration</c> (<c>00:00:30</c>).</param>
    /// <returns>The builder that takes the backend.</returns>
    /// <exception cref="InvalidOperationException">A coordinator was added already.</exception>
    public static ICoordinatorBuilder AddCoordinator(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        var builder = Add(services);
        services.AddOptions<CoordinatorOptions>(builder.Name).Bind(configuration);
        return builder;
    }

    private static CoordinatorBuilder Add(IServiceCollection services)
    {
        if (services.Any(static service => !service.IsKeyedService && service.ServiceType == typeof(ICoordinator)))
        {
            throw new InvalidOperationException("A coordinator was added to this container already. Call AddCoordinator() once.");
        }

        var builder = new CoordinatorBuilder(services, Options.Options.DefaultName);
        services.AddOptions<CoordinatorOptions>(builder.Name).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CoordinatorOptions>, CoordinatorOptionsValidator>());
        services.AddSingleton<IValidateOptions<CoordinatorOptions>>(new BackendChosenValidator(builder));

        // One object behind both types, made once and disposed once.
        services.AddSingleton(builder.Build);
        services.AddSingleton<ICoordinator>(static provider => provider.GetRequiredService<Coordinator>());
        return builder;
    }
}
