namespace Coordination.Conformance;

/// <summary>What the services of several hosts write down: who works, and whether two ever did at once.</summary>
public sealed class TermJournal
{
    private readonly Lock _lock = new();
    private readonly List<(string Who, FencingToken Token)> _terms = [];
    private readonly List<string> _working = [];
    private string? _violation;

    /// <summary>Called when a term begins, before it counts.</summary>
    public Action<string, FencingToken>? Began { get; init; }

    /// <summary>Called when a term has ended.</summary>
    public Action<string>? Ended { get; init; }

    /// <summary>All terms, in the order in which they began.</summary>
    public IReadOnlyList<(string Who, FencingToken Token)> Terms
    {
        get
        {
            lock (_lock)
            {
                return [.. _terms];
            }
        }
    }

    /// <summary>Who works now, or null.</summary>
    public string? Working
    {
        get
        {
            lock (_lock)
            {
                return _working.Count == 0 ? null : _working[^1];
            }
        }
    }

    public void Begin(string who, FencingToken token)
    {
        lock (_lock)
        {
            _terms.Add((who, token));
            _working.Add(who);
            _violation ??= _working.Count > 1 ? $"{string.Join(" and ", _working)} work at once" : null;
        }

        Began?.Invoke(who, token);
    }

    public void End(string who)
    {
        lock (_lock)
        {
            _working.Remove(who);
        }

        Ended?.Invoke(who);
    }

    /// <summary>Fails if two worked at once, or a later term had no greater token.</summary>
    public void AssertOneAtATime()
    {
        lock (_lock)
        {
            Assert.Null(_violation);
            Assert.Equal(_terms.Select(term => term.Token).Order(), _terms.Select(term => term.Token));
            Assert.Equal(_terms.Count, _terms.Select(term => term.Token).Distinct().Count());
        }
    }
}
