using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Coordination.Hosting;

/// <summary>
/// Whether a container can make a service, asked without making it: an instance belongs to a term, and what its constructor does, or that of what it takes, is for the leader alone.
/// </summary>
internal static class ServiceConstructor
{
    /// <summary>Says why <see cref="ActivatorUtilities"/> would not make the service.</summary>
    /// <returns>
    /// A sentence, or <see langword="null"/> when its constructor's parameters are registered, or the container does not tell. What these need in turn is not looked at: it is what
    /// <c>ServiceProviderOptions.ValidateOnBuild</c> is for.
    /// </returns>
    public static string? Failure([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type service, IServiceProvider provider)
    {
        var constructors = service.GetConstructors();
        if (service.IsAbstract || constructors.Length == 0)
        {
            return $"{service.Name} cannot be made: it {(service.IsAbstract ? "is abstract" : "has no public constructor")}.";
        }

        if (provider.GetService<IServiceProviderIsService>() is not { } registered)
        {
            return null;
        }

        if (Array.Find(constructors, static constructor => constructor.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute), inherit: false)) is { } preferred)
        {
            constructors = [preferred];
        }

        var missing = constructors.Select(constructor => Missing(constructor, registered)).MinBy(static names => names.Count)!;
        return missing.Count == 0
            ? null
            : $"{service.Name} cannot be made: its constructor takes {string.Join(" and ", missing)}, which the container does not have. Register it.";
    }

    private static List<string> Missing(ConstructorInfo constructor, IServiceProviderIsService registered) =>
        [.. constructor.GetParameters().Where(parameter => !IsThere(parameter, registered)).Select(NameOf)];

    private static bool IsThere(ParameterInfo parameter, IServiceProviderIsService registered)
    {
        if (parameter.HasDefaultValue)
        {
            return true;
        }

        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is not { } keyed)
        {
            return registered.IsService(parameter.ParameterType);
        }

        return keyed is not { LookupMode: ServiceKeyLookupMode.ExplicitKey, Key: { } key }
            || registered is not IServiceProviderIsKeyedService keys
            || keys.IsKeyedService(parameter.ParameterType, key);
    }

    private static string NameOf(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { Key: { } key } ? $"{parameter.ParameterType.Name} with the key '{key}'" : parameter.ParameterType.Name;
}
