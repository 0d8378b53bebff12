using Microsoft.Extensions.Configuration;

namespace Coordination.DependencyInjection;

/// <summary>Where options come from, for the messages about them: a section of the configuration, or code, for the coordinator under a key.</summary>
internal static class OptionsPlace
{
    /// <summary>What a message about an option begins with: <c>Coordination:Redis:</c>, <c>The coordinator 'orders': </c>, or nothing.</summary>
    public static string Prefix(IConfiguration? configuration, string name) =>
        PathOf(configuration) is { Length: > 0 } path ? $"{path}:" : name.Length == 0 ? "" : $"The coordinator '{name}': ";

    /// <summary>Says that the section is not there.</summary>
    /// <returns>The sentence, or <see langword="null"/> when it is there or there should be none.</returns>
    public static string? Missing(IConfiguration? configuration) =>
        configuration is IConfigurationSection section && !section.Exists() ? $"The configuration has no section '{section.Path}'." : null;

    /// <summary>The section's path; <see langword="null"/> for a whole configuration, and for none.</summary>
    public static string? PathOf(IConfiguration? configuration) => (configuration as IConfigurationSection)?.Path;

    /// <summary>Says that a section has not this key, and which it has: one of them is the misspelt one.</summary>
    /// <returns>The sentence, or <see langword="null"/> when it has the key, or there is no section.</returns>
    public static string? KeysInsteadOf(string key, IConfiguration? configuration)
    {
        // A whole configuration has all environment variables, and a value without keys may be a secret.
        if (configuration is not IConfigurationSection section || section.GetSection(key).Exists())
        {
            return null;
        }

        var keys = section.GetChildren().Select(static child => $"'{child.Key}'").ToList();
        return $"The section '{section.Path}' has no key '{key}', but {(keys.Count == 0 ? "a value without a key" : string.Join(", ", keys))}.";
    }
}
