using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Coordination.DependencyInjection;

/// <summary>Says at start, not at the first lock, that no backend was chosen, or that the section with the options is not there.</summary>
internal sealed class CoordinatorBuilderValidator(CoordinatorBuilder builder) : IValidateOptions<CoordinatorOptions>
{
    public ValidateOptionsResult Validate(string? name, CoordinatorOptions options)
    {
        if (name != builder.Name)
        {
            return ValidateOptionsResult.Skip;
        }

        if (builder.Configuration is IConfigurationSection section && !section.Exists())
        {
            return ValidateOptionsResult.Fail(
                $"The configuration has no section '{section.Path}'. Add it, with a key like \"LeaseDuration\": \"00:00:30\"; or, to take the defaults, do not pass a section to {builder.Call}.");
        }

        return builder.HasBackend ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(builder.NoBackend);
    }
}
