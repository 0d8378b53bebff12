using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>How names become keys and channels. The only place that knows.</summary>
/// <remarks>
/// <para>
/// A resource <c>invoice/42</c> is <c>coordination:{invoice/42}</c> and <c>coordination:{invoice/42}:w</c>: one hash tag, so all of a
/// resource lives on one node of a cluster, and a person who looks for it finds it. <c>%</c>, <c>{</c> and <c>}</c> in a name are written
/// as in a URL: a name can neither end the tag nor look like another's key.
/// </para>
/// <para>Keys are kept, as bytes, for the resources used last: making them would cost more than all the rest of a call.</para>
/// </remarks>
internal sealed class RedisKeys
{
    private const int LeastKept = 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly SearchValues<char> Escaped = SearchValues.Create("%{}");

    private readonly string _prefix;
    private readonly Lock _turn = new();
    private ConcurrentDictionary<string, ResourceKeys> _recent = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, ResourceKeys> _older = new(StringComparer.Ordinal);
    private int _count;
    private int _kept = LeastKept;

    /// <summary>Names keys.</summary>
    /// <param name="prefix">What they begin with.</param>
    public RedisKeys(string prefix) => _prefix = prefix;

    /// <summary>The keys of a resource.</summary>
    /// <param name="resource">Its name, as given by the user.</param>
    /// <returns>The keys.</returns>
    public ResourceKeys Of(string resource)
    {
        if (_recent.TryGetValue(resource, out var keys))
        {
            return keys;
        }

        if (!_older.TryGetValue(resource, out keys))
        {
            keys = Make(resource);
        }

        if (_recent.TryAdd(resource, keys) && Interlocked.Increment(ref _count) >= Volatile.Read(ref _kept))
        {
            Turn();
        }

        return keys;
    }

    /// <summary>Keeps at least so many: a renewal names all that is held, again and again.</summary>
    /// <param name="count">How many.</param>
    public void Keep(int count)
    {
        for (int kept; (kept = Volatile.Read(ref _kept)) < count;)
        {
            Interlocked.CompareExchange(ref _kept, count, kept);
        }
    }

    /// <summary>The channel on which those who watch a resource hear of changes: what the scripts publish to.</summary>
    /// <param name="resource">The resource's name.</param>
    /// <returns>The channel.</returns>
    public RedisChannel ChangesOf(string resource) => RedisChannel.Literal(Text(resource) + ":changes");

    /// <summary>The channel on which one backend hears of the grants of its waiting claims.</summary>
    /// <param name="backendId">The backend's id: without white space.</param>
    /// <returns>The channel's name.</returns>
    public string HintsOf(string backendId) => $"{_prefix}:hints:{backendId}";

    private string Text(string resource)
    {
        if (resource.AsSpan().IndexOfAny(Escaped) >= 0)
        {
            resource = resource
                .Replace("%", "%25", StringComparison.Ordinal)
                .Replace("{", "%7B", StringComparison.Ordinal)
                .Replace("}", "%7D", StringComparison.Ordinal);
        }

        return $"{_prefix}:{{{resource}}}";
    }

    private ResourceKeys Make(string resource)
    {
        var text = Text(resource);
        return new ResourceKeys(Utf8.GetBytes(text), Utf8.GetBytes(text + ":w"));
    }

    // What was not used during a generation is forgotten.
    private void Turn()
    {
        lock (_turn)
        {
            if (_count < _kept)
            {
                return;
            }

            _older = _recent;
            _recent = new(StringComparer.Ordinal);
            _count = 0;
        }
    }
}

/// <summary>The keys of one resource.</summary>
/// <param name="Claims">The hash of its claims and its state.</param>
/// <param name="Waiters">The sorted set of its waiting claims.</param>
internal sealed record ResourceKeys(RedisKey Claims, RedisKey Waiters);
