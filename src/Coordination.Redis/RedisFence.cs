using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Writes to Redis that are refused once a later holder has written: what a lock alone cannot promise when its holder is paused.</summary>
public static class RedisFence
{
    private const string Script =
        """
        local last = redis.call('GET', KEYS[2])
        if last and tonumber(last) > tonumber(ARGV[2]) then return 0 end
        redis.call('SET', KEYS[2], ARGV[2])
        redis.call('SET', KEYS[1], ARGV[1])
        return 1
        """;

    /// <summary>
    /// Sets a string unless a greater token has written it: one round trip, one atomic script. The greatest token is kept beside it, under <see cref="KeyOf"/>; all writers
    /// must write in this way, or look at that key in scripts of their own.
    /// </summary>
    /// <param name="database">The database, of any connection.</param>
    /// <param name="key">The string's key.</param>
    /// <param name="value">Its new value.</param>
    /// <param name="token">The writer's token, from a lease of whatever backend. One key belongs to one lock's name: tokens of others do not compare.</param>
    /// <returns><see langword="false"/> when a later holder has written, so that nothing was changed.</returns>
    /// <exception cref="ArgumentException">The key is empty, or has a brace that closes none; such a key cannot have its fence in the same slot of a cluster.</exception>
    /// <exception cref="RedisException">The server did not answer or refused.</exception>
    public static async Task<bool> StringSetFencedAsync(this IDatabaseAsync database, RedisKey key, RedisValue value, FencingToken token)
    {
        ArgumentNullException.ThrowIfNull(database);
        return (bool)await database.ScriptEvaluateAsync(Script, [key, KeyOf(key)], [value, token.Value]).ConfigureAwait(false);
    }

    /// <summary>
    /// Where the greatest token of a fenced key is kept, as a decimal number: the key with <c>:fence</c> at its end, in the same slot of a cluster. For scripts of your own.
    /// </summary>
    /// <param name="key">The fenced key.</param>
    /// <returns><c>{invoice/42}:fence</c> for <c>invoice/42</c>; <c>{a}b:fence</c> for <c>{a}b</c>, which has a hash tag already.</returns>
    /// <exception cref="ArgumentException">As in <see cref="StringSetFencedAsync"/>.</exception>
    public static RedisKey KeyOf(RedisKey key)
    {
        var name = (string?)key;
        ArgumentException.ThrowIfNullOrEmpty(name, nameof(key));

        // A cluster hashes what stands between the first '{' and the next '}', if anything does, and else the whole key.
        var open = name.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : name.IndexOf('}', open + 1);
        if (close > open + 1)
        {
            return name + ":fence";
        }

        return name.Contains('}', StringComparison.Ordinal)
            ? throw new ArgumentException($"The key '{name}' has a '}}' that closes no hash tag, so its fence cannot be in the same slot of a cluster. Use another key.", nameof(key))
            : $"{{{name}}}:fence";
    }
}
