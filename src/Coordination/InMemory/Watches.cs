namespace Coordination.InMemory;

/// <summary>Who watches which resource.</summary>
internal sealed class Watches(HintQueue hints)
{
    private readonly Dictionary<string, List<InMemoryWatch>> _byResource = [];

    /// <summary>Adds a watch, unless it is there already or its caller has given up meanwhile.</summary>
    public void Add(InMemoryWatch watch)
    {
        if (watch.IsClosed)
        {
            return;
        }

        if (!_byResource.TryGetValue(watch.Resource, out var watches))
        {
            _byResource.Add(watch.Resource, watches = []);
        }

        if (!watches.Contains(watch))
        {
            watches.Add(watch);
        }
    }

    public void Remove(InMemoryWatch watch)
    {
        if (_byResource.TryGetValue(watch.Resource, out var watches) && watches.Remove(watch) && watches.Count == 0)
        {
            _byResource.Remove(watch.Resource);
        }
    }

    /// <summary>Tells those who watch a resource that its holders or their values have changed.</summary>
    public void Tell(string resource)
    {
        if (_byResource.Count > 0 && _byResource.TryGetValue(resource, out var watches))
        {
            foreach (var watch in watches)
            {
                hints.Add(watch, new Hint(HintKind.Changed));
            }
        }
    }
}
