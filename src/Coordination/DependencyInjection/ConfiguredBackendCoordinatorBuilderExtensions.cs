using Coordination.DependencyInjection;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets the configuration choose the backend.</summary>
public static class ConfiguredBackendCoordinatorBuilderExtensions
{
    private const string Key = "Backend";

    /// <summary>
    /// Uses the backend that the coordinator's section names: <c>"Backend": "Redis"</c>, with the settings of that backend in a section of its name:
    /// <c>"Redis": { "Configuration": "localhost:6379" }</c>. <c>InMemory</c> is always there.
    /// </summary>
    /// <param name="builder">A coordinator that was added with a section of the configuration.</param>
    /// <param name="choices">Adds the backends that may be chosen: <c>backends => backends.AddRedis().AddEtcd()</c>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">
    /// The coordinator was added without a section, the section is not there, it names no backend or one that was not added, or a backend was chosen already.
    /// The message names the key of the configuration.
    /// </exception>
    public static ICoordinatorBuilder UseConfiguredBackend(this ICoordinatorBuilder builder, Action<BackendChoices>? choices = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var all = new BackendChoices();
        all.Add("InMemory", static (coordinator, _) => coordinator.UseInMemory());
        choices?.Invoke(all);

        var example = $"\"{Key}\": \"{all.Names.First()}\"";
        if (builder.Configuration is not { } configuration)
        {
            var call = builder.Name.Length == 0 ? "AddCoordinator(" : $"AddKeyedCoordinator(\"{builder.Name}\", ";
            throw new InvalidOperationException(
                $"UseConfiguredBackend() needs the section to read: write {call}configuration.GetSection(\"Coordination\")).UseConfiguredBackend(…), with "
                + $"{example} in that section.");
        }

        if (OptionsPlace.Missing(configuration) is { } missing)
        {
            throw new InvalidOperationException($"{missing} Add one, with {example} in it.");
        }

        var path = OptionsPlace.PathOf(configuration);
        var key = string.IsNullOrEmpty(path) ? Key : ConfigurationPath.Combine(path, Key);
        var name = configuration[Key];
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new InvalidOperationException($"'{key}' is missing. It chooses the backend: one of {string.Join(", ", all.Names)}.");
        }

        var use = all.Find(name) ?? throw new InvalidOperationException(
            $"'{key}' is '{name}', which is none of {string.Join(", ", all.Names)}. Correct it, or let UseConfiguredBackend() know the backend: "
            + "UseConfiguredBackend(backends => backends.AddRedis()), with the method of the backend's package.");
        use(builder, configuration.GetSection(name));
        return builder;
    }
}
