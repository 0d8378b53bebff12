using System.Diagnostics.Metrics;
using Coordination.Backends;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Coordination.DependencyInjection;

/// <summary>Collects what a coordinator is made of, and makes it when it is first asked for.</summary>
internal sealed class CoordinatorBuilder(IServiceCollection services, string name) : ICoordinatorBuilder
{
    private Func<IServiceProvider, ICoordinationBackend>? _backend;

    public IServiceCollection Services { get; } = services;

    public string Name { get; } = name;

    public bool HasBackend => _backend is not null;

    public ICoordinatorBuilder UseBackend(Func<IServiceProvider, ICoordinationBackend> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (_backend is not null)
        {
            throw new InvalidOperationException("This coordinator has a backend already: call one Use… method on AddCoordinator(), not several.");
        }

        _backend = factory;
        return this;
    }

    public Coordinator Build(IServiceProvider provider) => new(
        _backend?.Invoke(provider) ?? throw new InvalidOperationException(
            "The coordinator has no backend: add one after AddCoordinator(), such as .UseInMemory() or .UseRedis(\"localhost:6379\")."),
        provider.GetRequiredService<IOptionsMonitor<CoordinatorOptions>>().Get(Name),
        provider.GetService<TimeProvider>(),
        provider.GetService<ILoggerFactory>(),
        provider.GetService<IMeterFactory>());
}
