using Microsoft.Extensions.Options;

namespace Coordination.DependencyInjection;

/// <summary>Says at start, not at the first lock, that no backend was chosen, that the section with the options is not there, or that one is out of range.</summary>
internal sealed class CoordinatorBuilderValidator(CoordinatorBuilder builder) : IValidateOptions<CoordinatorOptions>
{
    public ValidateOptionsResult Validate(string? name, CoordinatorOptions options)
    {
        if (name != builder.Name)
        {
            return ValidateOptionsResult.Skip;
        }

        if (OptionsPlace.Missing(builder.Configuration) is { } missing)
        {
            return ValidateOptionsResult.Fail(
                $"{missing} Add it, with a key like \"LeaseDuration\": \"00:00:30\"; or, to take the defaults, do not pass a section to {builder.Call}.");
        }

        var failures = CoordinatorOptionsValidator.Check(options, CoordinatorOptionsValidator.AnyBackend, OptionsPlace.Prefix(builder.Configuration, builder.Name));
        if (!builder.HasBackend)
        {
            failures.Add(builder.NoBackend);
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
