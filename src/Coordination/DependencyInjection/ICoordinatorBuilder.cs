using Coordination.Backends;
using Microsoft.Extensions.DependencyInjection;

namespace Coordination.DependencyInjection;

/// <summary>Configures one coordinator of a container. Backends' packages add their <c>Use…</c> methods to it.</summary>
public interface ICoordinatorBuilder
{
    /// <summary>The container's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The name of this coordinator's options.</summary>
    string Name { get; }

    /// <summary>Says which backend the coordinator is over.</summary>
    /// <param name="factory">Makes the backend, once, when the coordinator is first asked for. The coordinator owns and disposes it.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    ICoordinatorBuilder UseBackend(Func<IServiceProvider, ICoordinationBackend> factory);
}
