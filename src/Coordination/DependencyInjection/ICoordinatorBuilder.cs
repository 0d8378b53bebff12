using Coordination.Backends;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Coordination.DependencyInjection;

/// <summary>Configures one coordinator of a container. Backends' packages add their <c>Use…</c> methods to it.</summary>
public interface ICoordinatorBuilder
{
    /// <summary>The container's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The name of this coordinator's options: its key, or empty for the default coordinator.</summary>
    string Name { get; }

    /// <summary>The section that the coordinator's options are bound from, or <see langword="null"/> when they are set by code.</summary>
    IConfiguration? Configuration { get; }

    /// <summary>Says which backend the coordinator is over.</summary>
    /// <param name="factory">Makes the backend, once, when the coordinator is first asked for. The coordinator owns and disposes it.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="InvalidOperationException">A backend was chosen already.</exception>
    ICoordinatorBuilder UseBackend(Func<IServiceProvider, ICoordinationBackend> factory);
}
