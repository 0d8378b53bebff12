using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>How names become keys and channels on the masters. The only place that knows.</summary>
/// <remarks>
/// As on one server, behind <c>:redlock</c>: <c>coordination:redlock:{invoice/42}</c>, with <c>:w</c> and <c>:t</c>. What a master knows of itself is
/// <c>coordination:redlock</c>. Keys are kept for names used lately.
/// </remarks>
internal sealed class RedlockKeys
{
    private const int Most = 16_384;

    private readonly RedisKeys _names;
    private readonly string _prefix;
    private ConcurrentDictionary<string, ResourceKeys> _kept = new(StringComparer.Ordinal);

    /// <summary>Names keys.</summary>
    /// <param name="prefix">What they begin with.</param>
    public RedlockKeys(string prefix)
    {
        _prefix = prefix + ":redlock";
        _names = new RedisKeys(_prefix);
        Master = _prefix;
    }

    /// <summary>What a master knows of itself.</summary>
    public RedisKey Master { get; }

    /// <summary>Writes a resource's keys: how many there are is <see cref="PerResource"/>.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="into">Where to.</param>
    public void Write(string resource, Span<RedisKey> into)
    {
        var keys = Of(resource);
        into[0] = keys.Leases;
        into[1] = keys.Waiting;
        into[2] = keys.Tickets;
    }

    /// <summary>How many keys a resource has.</summary>
    public const int PerResource = 3;

    /// <summary>The channel on which those who watch a resource hear of changes: what the scripts publish to.</summary>
    /// <param name="resource">The resource's name.</param>
    /// <returns>The channel.</returns>
    public RedisChannel ChangesOf(string resource) => _names.ChangesOf(resource);

    /// <summary>The channel on which one backend is woken.</summary>
    /// <param name="backendId">The backend's id: without white space.</param>
    /// <returns>The channel's name.</returns>
    public string HintsOf(string backendId) => $"{_prefix}:hints:{backendId}";

    /// <summary>The keys of a resource.</summary>
    /// <param name="resource">Its name.</param>
    /// <returns>The keys.</returns>
    public ResourceKeys Of(string resource)
    {
        if (_kept.TryGetValue(resource, out var keys))
        {
            return keys;
        }

        if (_kept.Count >= Most)
        {
            _kept = new(StringComparer.Ordinal);
        }

        var names = _names.Of(resource);
        return _kept[resource] = new ResourceKeys(names.Claims, names.Waiters, ((byte[])names.Claims!).Concat(":t"u8.ToArray()).ToArray());
    }

    /// <summary>The keys of one resource.</summary>
    /// <param name="Leases">The hash of its leases and its state.</param>
    /// <param name="Waiting">The sorted set of those that wait.</param>
    /// <param name="Tickets">The hash of what they want.</param>
    internal sealed record ResourceKeys(RedisKey Leases, RedisKey Waiting, RedisKey Tickets);
}
