using Microsoft.Extensions.Options;

namespace Coordination.DependencyInjection;

/// <summary>Says at start, not at the first lock, that no backend was chosen.</summary>
internal sealed class BackendChosenValidator(CoordinatorBuilder builder) : IValidateOptions<CoordinatorOptions>
{
    public ValidateOptionsResult Validate(string? name, CoordinatorOptions options) =>
        name != builder.Name || builder.HasBackend
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                "The coordinator has no backend: add one after AddCoordinator(), such as .UseInMemory() or .UseRedis(\"localhost:6379\").");
}
