using Microsoft.Extensions.Configuration;

namespace Coordination.DependencyInjection;

/// <summary>
/// The backends that a configuration may choose from; <c>InMemory</c> is one of them always. Backends' packages add their <c>Add…</c> methods: nothing is
/// looked for by reflection, so that what is not used can be trimmed.
/// </summary>
public sealed class BackendChoices
{
    private readonly SortedDictionary<string, Action<ICoordinatorBuilder, IConfiguration>> _choices = new(StringComparer.OrdinalIgnoreCase);

    internal BackendChoices()
    {
    }

    internal IEnumerable<string> Names => _choices.Keys;

    /// <summary>Adds a backend.</summary>
    /// <param name="name">What the configuration calls it, in any case; also the name of the section with its settings.</param>
    /// <param name="use">Lets a coordinator use it, with the settings of that section.</param>
    /// <returns>These choices.</returns>
    /// <exception cref="ArgumentException">The name is empty, or was added already.</exception>
    public BackendChoices Add(string name, Action<ICoordinatorBuilder, IConfiguration> use)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(use);
        if (!_choices.TryAdd(name, use))
        {
            throw new ArgumentException($"The backend '{name}' was added already.", nameof(name));
        }

        return this;
    }

    internal Action<ICoordinatorBuilder, IConfiguration>? Find(string name) => _choices.GetValueOrDefault(name);
}
