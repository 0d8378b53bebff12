using System.Diagnostics.Metrics;
using Coordination.Backends;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Coordination.DependencyInjection;

/// <summary>Collects what a coordinator is made of, and makes it when it is first asked for.</summary>
internal sealed class CoordinatorBuilder(IServiceCollection services, string name, IConfiguration? configuration) : ICoordinatorBuilder
{
    private Func<IServiceProvider, ICoordinationBackend>? _backend;

    public IServiceCollection Services { get; } = services;

    public string Name { get; } = name;

    public IConfiguration? Configuration { get; } = configuration;

    public bool HasBackend => _backend is not null;

    /// <summary>How this coordinator was added, for messages.</summary>
    public string Call => Name.Length == 0 ? "AddCoordinator()" : $"AddKeyedCoordinator(\"{Name}\")";

    public string NoBackend =>
        $"The coordinator {(Name.Length == 0 ? "" : $"'{Name}' ")}has no backend: add one after {Call}, such as .UseInMemory() or .UseRedis(\"localhost:6379\").";

    public ICoordinatorBuilder UseBackend(Func<IServiceProvider, ICoordinationBackend> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (_backend is not null)
        {
            throw new InvalidOperationException(
                $"This coordinator has a backend already: call one Use… method on {Call}, not several. For another backend in the same process, add another coordinator "
                + "with AddKeyedCoordinator(\"a key\").");
        }

        _backend = factory;
        return this;
    }

    public Coordinator Build(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptionsMonitor<CoordinatorOptions>>().Get(Name);
        var backend = _backend?.Invoke(provider) ?? throw new InvalidOperationException(NoBackend);

        // Now the backend's limits are known; here the messages can name the key that they are about.
        var failures = CoordinatorOptionsValidator.Check(options, backend.Description, OptionsPlace.Prefix(Configuration, Name));
        if (failures.Count > 0)
        {
            _ = backend.DisposeAsync().AsTask();
            throw new OptionsValidationException(Name, typeof(CoordinatorOptions), failures);
        }

        return new Coordinator(
            backend, options, provider.GetService<TimeProvider>(), provider.GetService<ILoggerFactory>(), provider.GetService<IMeterFactory>());
    }
}
