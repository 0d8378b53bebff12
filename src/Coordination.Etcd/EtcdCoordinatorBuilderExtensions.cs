using Coordination.DependencyInjection;
using Coordination.Etcd;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the etcd backend.</summary>
public static class EtcdCoordinatorBuilderExtensions
{
    /// <summary>Uses an etcd cluster, over connections of its own that are made at the first claim.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="endpoints">Where its members are: <c>http://etcd1:2379,http://etcd2:2379</c>.</param>
    /// <param name="configure">Changes the options. They are checked when the host starts.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The endpoints are empty.</exception>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseEtcd(this ICoordinatorBuilder builder, string endpoints, Action<EtcdBackendOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(endpoints);
        var options = Options(builder).Configure(options => options.Endpoints = endpoints);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        return Use(builder);
    }

    /// <summary>Uses an etcd cluster whose <see cref="EtcdBackendOptions"/> are bound from a section of the configuration.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configuration">The section, with <c>Endpoints</c>, which has no default here, and keys like <c>KeyPrefix</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseEtcd(this ICoordinatorBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        Options(builder, configuration).Bind(configuration);
        return Use(builder);
    }

    /// <summary>Lets a configuration choose etcd by the name <c>Etcd</c>, with its <see cref="EtcdBackendOptions"/> in a section of that name: <c>"Etcd": { "Endpoints": "http://etcd1:2379" }</c>.</summary>
    /// <param name="choices">The backends to choose from.</param>
    /// <returns>The choices.</returns>
    public static BackendChoices AddEtcd(this BackendChoices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Add("Etcd", static (builder, section) => builder.UseEtcd(section));
    }

    private static ICoordinatorBuilder Use(ICoordinatorBuilder builder) => builder.UseBackend(provider => EtcdBackend.Create(
        provider.GetRequiredService<IOptionsMonitor<EtcdBackendOptions>>().Get(builder.Name), provider.GetService<ILoggerFactory>()));

    private static OptionsBuilder<EtcdBackendOptions> Options(ICoordinatorBuilder builder, IConfiguration? section = null) =>
        builder.Services.AddOptions<EtcdBackendOptions>(builder.Name)
            .ValidateBackendOptions(
                section, "{ \"Endpoints\": \"http://etcd1:2379\" }", EtcdBackendOptionsValidator.Failures,
                nameof(EtcdBackendOptions.Endpoints), static options => options.Endpoints = "");
}
