using Coordination.DependencyInjection;
using Coordination.ZooKeeper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the ZooKeeper backend.</summary>
public static class ZooKeeperCoordinatorBuilderExtensions
{
    /// <summary>Uses a ZooKeeper ensemble, over connections of its own that are made at the first claim.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="connectionString">Where its servers are: <c>zk1:2181,zk2:2181,zk3:2181/chroot</c>.</param>
    /// <param name="configure">Changes the options. They are checked when the host starts.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The connection string is empty.</exception>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseZooKeeper(this ICoordinatorBuilder builder, string connectionString, Action<ZooKeeperBackendOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        var options = Options(builder).Configure(options => options.ConnectionString = connectionString);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        return Use(builder);
    }

    /// <summary>Uses a ZooKeeper ensemble whose <see cref="ZooKeeperBackendOptions"/> are bound from a section of the configuration.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="configuration">The section, with <c>ConnectionString</c>, which has no default here, and keys like <c>RootPath</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseZooKeeper(this ICoordinatorBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        Options(builder, configuration).Bind(configuration);
        return Use(builder);
    }

    /// <summary>Lets a configuration choose ZooKeeper by the name <c>ZooKeeper</c>, with its <see cref="ZooKeeperBackendOptions"/> in a section of that name: <c>"ZooKeeper": { "ConnectionString": "zk1:2181" }</c>.</summary>
    /// <param name="choices">The backends to choose from.</param>
    /// <returns>The choices.</returns>
    public static BackendChoices AddZooKeeper(this BackendChoices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Add("ZooKeeper", static (builder, section) => builder.UseZooKeeper(section));
    }

    private static ICoordinatorBuilder Use(ICoordinatorBuilder builder) => builder.UseBackend(provider => ZooKeeperBackend.Create(
        provider.GetRequiredService<IOptionsMonitor<ZooKeeperBackendOptions>>().Get(builder.Name), provider.GetService<ILoggerFactory>()));

    private static OptionsBuilder<ZooKeeperBackendOptions> Options(ICoordinatorBuilder builder, IConfiguration? section = null) =>
        builder.Services.AddOptions<ZooKeeperBackendOptions>(builder.Name)
            .ValidateBackendOptions(
                section, "{ \"ConnectionString\": \"zk1:2181\" }", ZooKeeperBackendOptionsValidator.Failures,
                nameof(ZooKeeperBackendOptions.ConnectionString), static options => options.ConnectionString = "");
}
