using Coordination.DependencyInjection;
using Coordination.InMemory;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the in-memory backend.</summary>
public static class InMemoryCoordinatorBuilderExtensions
{
    /// <summary>Keeps everything in this process: for development and tests. What other processes do, it does not see.</summary>
    /// <param name="builder">The coordinator.</param>
    /// <param name="server">The server to meet others in; <see langword="null"/> for one that only this container uses.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    public static ICoordinatorBuilder UseInMemory(this ICoordinatorBuilder builder, InMemoryServer? server = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.UseBackend(provider => (server ?? new InMemoryServer(provider.GetService<TimeProvider>())).CreateBackend());
    }
}
