using Microsoft.Extensions.DependencyInjection;

namespace Coordination.DependencyInjection;

/// <summary>Where a builder's coordinator is in the container.</summary>
internal static class CoordinatorBuilderServices
{
    /// <summary>The builder's coordinator: the default one, or the one under the builder's key.</summary>
    public static ICoordinator CoordinatorOf(this ICoordinatorBuilder builder, IServiceProvider provider) => builder.Name.Length == 0
        ? provider.GetRequiredService<ICoordinator>()
        : provider.GetRequiredKeyedService<ICoordinator>(builder.Name);
}
