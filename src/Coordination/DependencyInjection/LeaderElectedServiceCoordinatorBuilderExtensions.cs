using System.Diagnostics.CodeAnalysis;
using Coordination;
using Coordination.DependencyInjection;
using Coordination.Hosting;
using Coordination.Leases;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds hosted services that run in one process of several at a time.</summary>
public static class LeaderElectedServiceCoordinatorBuilderExtensions
{
    /// <summary>
    /// Adds a service that runs while this process leads an election: a new instance in a scope of its own each term, stopped when the leadership is lost, run again
    /// when this process is elected again, and resigned as soon as the host begins to stop. An <see cref="ILeadershipStatus"/> is added under the election's name.
    /// </summary>
    /// <typeparam name="T">The service. It need not be registered; its constructor takes what the container has.</typeparam>
    /// <param name="builder">The coordinator.</param>
    /// <param name="name">The election's name: the same in all processes, and used by one service of this container only.</param>
    /// <param name="configure">Changes the options. They are checked when the host starts.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentException">The name is empty, too long, or has control characters.</exception>
    /// <exception cref="InvalidOperationException">Another service of this container has the name.</exception>
    public static ICoordinatorBuilder AddLeaderElectedService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this ICoordinatorBuilder builder, string name, Action<LeaderElectedServiceOptions>? configure = null)
        where T : class, ILeaderElectedService =>
        Add(builder, name, new LeaderElectedServiceWork<T>(), configure);

    /// <summary>
    /// Adds an existing <see cref="BackgroundService"/>, unchanged, that runs while this process leads an election: a new instance in a scope of its own is started when this
    /// process is elected, and stopped when the leadership is lost or the host begins to stop. Do not add it with <c>AddHostedService</c> too.
    /// </summary>
    /// <typeparam name="T">The service. It need not be registered; its constructor takes what the container has.</typeparam>
    /// <inheritdoc cref="AddLeaderElectedService{T}" path="/param"/>
    /// <inheritdoc cref="AddLeaderElectedService{T}" path="/returns"/>
    /// <inheritdoc cref="AddLeaderElectedService{T}" path="/exception"/>
    public static ICoordinatorBuilder AddLeaderElectedBackgroundService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this ICoordinatorBuilder builder, string name, Action<LeaderElectedServiceOptions>? configure = null)
        where T : BackgroundService =>
        Add(builder, name, new LeaderElectedBackgroundServiceWork<T>(), configure);

    private static ICoordinatorBuilder Add(
        ICoordinatorBuilder builder, string name, LeaderElectedWork work, Action<LeaderElectedServiceOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ResourceName.Check(name);
        var services = builder.Services;
        if (services.Any(service => service.IsKeyedService && service.ServiceType == typeof(LeadershipStatus) && name.Equals(service.ServiceKey)))
        {
            throw new InvalidOperationException(
                $"A leader-elected service named '{name}' was added to this container already. Call AddLeaderElectedService<{work.ServiceType.Name}>(…) once, with a name of its own: "
                + "two services under one name would keep each other from running.");
        }

        var options = services.AddOptions<LeaderElectedServiceOptions>(name).ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LeaderElectedServiceOptions>, LeaderElectedServiceOptionsValidator>());
        services.AddKeyedSingleton(name, (provider, _) => new LeadershipStatus(ElectionOf(provider, builder, name)));
        services.AddKeyedSingleton<ILeadershipStatus>(name, (provider, _) => provider.GetRequiredKeyedService<LeadershipStatus>(name));
        services.AddSingleton<ILeadershipStatus>(provider => provider.GetRequiredKeyedService<LeadershipStatus>(name));
        services.AddSingleton<IHostedService>(provider => Create(provider, builder, name, work));
        return builder;
    }

    private static LeaderElectedHost Create(IServiceProvider provider, ICoordinatorBuilder builder, string name, LeaderElectedWork work)
    {
        var options = OptionsOf(provider, name);
        var defaults = provider.GetRequiredService<IOptionsMonitor<CoordinatorOptions>>().Get(builder.Name);
        return new LeaderElectedHost(
            provider,
            work,
            provider.GetRequiredKeyedService<LeadershipStatus>(name),
            options,
            LeaseTerms.MarginOf(options.Lease, defaults),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            new HostingLog((ILogger?)provider.GetService<ILoggerFactory>()?.CreateLogger("Coordination.Hosting") ?? NullLogger.Instance));
    }

    private static ILeaderElection ElectionOf(IServiceProvider provider, ICoordinatorBuilder builder, string name)
    {
        var coordinator = builder.CoordinatorOf(provider);
        try
        {
            return coordinator.CreateLeaderElection(name, OptionsOf(provider, name).Lease);
        }
        catch (ArgumentException exception)
        {
            // The backend's limits of a lease are known to the coordinator alone.
            throw new OptionsValidationException(
                name, typeof(LeaderElectedServiceOptions), [$"The leader-elected service '{name}': {nameof(LeaderElectedServiceOptions.Lease)}: {exception.Message}"]);
        }
    }

    private static LeaderElectedServiceOptions OptionsOf(IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<LeaderElectedServiceOptions>>().Get(name);
}
