using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>The floor: what a lock on Redis cannot do without, and nothing else. No queue, no token, no renewal.</summary>
internal sealed class RawSetNx(IConnectionMultiplexer connection) : IPair
{
    public const string Script = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(30);

    private readonly IDatabase _database = connection.GetDatabase();
    private readonly RedisKey[] _keys = ["benchmark:floor"];
    private readonly RedisValue[] _values = ["a3c1f0d2b4e5968778695a4b"];
    private byte[]? _hash;

    public string Name => "SET NX PX + EVALSHA compare-and-delete, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        _hash ??= await LoadAsync();
        if (!await _database.StringSetAsync(_keys[0], _values[0], Expiry, When.NotExists)
            || (long)await _database.ScriptEvaluateAsync(_hash, _keys, _values) != 1)
        {
            throw new InvalidOperationException("Somebody else uses the benchmark's key.");
        }
    }

    public ValueTask DisposeAsync() => default;

    private async Task<byte[]> LoadAsync()
    {
        await _database.ScriptEvaluateAsync(Script, _keys, _values);
#pragma warning disable CA5350 // How Redis names scripts.
        return SHA1.HashData(Encoding.UTF8.GetBytes(Script));
#pragma warning restore CA5350
    }
}
