using Coordination.DependencyInjection;
using Coordination.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the Redlock backend.</summary>
public static class RedlockCoordinatorBuilderExtensions
{
    private const string Example = "{ \"Masters\": [ \"redis1:6379\", \"redis2:6379\", \"redis3:6379\" ] }";

    /// <summary>Uses a majority of independent Redis masters, over connections of its own that are made at the first claim.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="masters">Where the masters are, each as StackExchange.Redis writes it: an odd number, 3 or more.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    /// <remarks>Too few masters, an even number and the like are told when the host starts.</remarks>
    public static ICoordinatorBuilder UseRedlock(this ICoordinatorBuilder builder, params string[] masters)
    {
        ArgumentNullException.ThrowIfNull(masters);
        return builder.UseRedlock(options =>
        {
            foreach (var master in masters)
            {
                options.Masters.Add(master);
            }
        });
    }

    /// <summary>The same, with all options in code.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configure">Sets the options, <see cref="RedlockBackendOptions.Masters"/> among them. They are checked when the host starts.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseRedlock(this ICoordinatorBuilder builder, Action<RedlockBackendOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        Options(builder).Configure(configure);
        return builder.UseBackend(provider => RedlockBackend.Create(Read(provider, builder.Name), provider.GetService<ILoggerFactory>()));
    }

    /// <summary>Uses masters whose <see cref="RedlockBackendOptions"/> are bound from a section of the configuration.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configuration">The section, with keys like <c>Masters:0</c> (<c>redis1:6379</c>) and <c>KeyPrefix</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseRedlock(this ICoordinatorBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        Options(builder, configuration).Bind(configuration);
        return builder.UseBackend(provider => RedlockBackend.Create(Read(provider, builder.Name), provider.GetService<ILoggerFactory>()));
    }

    /// <summary>Uses connections of the application's, one to each master, and leaves their disposal to it.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="multiplexers">Gets the connections: an odd number, 3 or more.</param>
    /// <param name="configure">Changes the options; <see cref="RedlockBackendOptions.Masters"/> is not looked at.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseRedlock(
        this ICoordinatorBuilder builder,
        Func<IServiceProvider, IReadOnlyList<IConnectionMultiplexer>> multiplexers,
        Action<RedlockBackendOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(multiplexers);

        // How many there are is known when they are made, which the start of the host does too.
        var options = builder.Services.AddOptions<RedlockBackendOptions>(builder.Name)
            .ValidateBackendOptions(section: null, Example, static options => RedlockBackendOptionsValidator.Failures(options, given: 3));
        if (configure is not null)
        {
            options.Configure(configure);
        }

        return builder.UseBackend(provider => new RedlockBackend(multiplexers(provider), Read(provider, builder.Name), provider.GetService<ILoggerFactory>()));
    }

    /// <summary>
    /// Lets a configuration choose Redlock by the name <c>Redlock</c>, with its <see cref="RedlockBackendOptions"/> in a section of that name:
    /// <c>"Redlock": { "Masters": [ "redis1:6379", "redis2:6379", "redis3:6379" ] }</c>.
    /// </summary>
    /// <param name="choices">The backends to choose from.</param>
    /// <returns>The choices.</returns>
    public static BackendChoices AddRedlock(this BackendChoices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Add("Redlock", static (builder, section) => builder.UseRedlock(section));
    }

    private static OptionsBuilder<RedlockBackendOptions> Options(ICoordinatorBuilder builder, IConfiguration? section = null) =>
        builder.Services.AddOptions<RedlockBackendOptions>(builder.Name)
            .ValidateBackendOptions(section, Example, static options => RedlockBackendOptionsValidator.Failures(options), nameof(RedlockBackendOptions.Masters));

    private static RedlockBackendOptions Read(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<RedlockBackendOptions>>().Get(name);
}
