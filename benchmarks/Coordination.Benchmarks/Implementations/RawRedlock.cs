using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// The floor of Redlock: <c>SET NX PX</c> to all masters at once, then <c>EVALSHA</c> of a script that compares and deletes. No queue, no token, no renewal.
/// </summary>
/// <param name="connections">One to each master.</param>
/// <param name="waitsForAll">Whether it waits for every master, or goes on with the first majority, as ours does.</param>
internal sealed class RawRedlock(IReadOnlyList<ConnectionMultiplexer> connections, bool waitsForAll) : IPair
{
    /// <summary>Its name where it does not wait for all.</summary>
    public const string NameOnMajority = "the raw round, on with the first majority";

    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(30);

    private readonly IDatabase[] _databases = [.. connections.Select(static connection => connection.GetDatabase())];
    private readonly RedisKey[] _keys = [waitsForAll ? "benchmark:floor-of-all" : "benchmark:floor-of-majority"];
    private readonly RedisValue[] _values = ["a3c1f0d2b4e5968778695a4b"];
    private readonly Task<bool>[] _sets = new Task<bool>[connections.Count];
    private readonly Task<RedisResult>[] _deletes = new Task<RedisResult>[connections.Count];
    private byte[]? _hash;

    public string Name => waitsForAll ? "SET NX PX + EVALSHA to all masters, raw" : NameOnMajority;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        _hash ??= await LoadAsync();
        for (var i = 0; i < _sets.Length; i++)
        {
            _sets[i] = _databases[i].StringSetAsync(_keys[0], _values[0], Expiry, When.NotExists);
        }

        await (waitsForAll ? AllAsync(_sets, static set => set) : MajorityAsync(_sets, static set => set));
        for (var i = 0; i < _deletes.Length; i++)
        {
            _deletes[i] = _databases[i].ScriptEvaluateAsync(_hash, _keys, _values);
        }

        await (waitsForAll ? AllAsync(_deletes, static deleted => (long)deleted == 1) : MajorityAsync(_deletes, static deleted => (long)deleted == 1));
    }

    public ValueTask DisposeAsync() => default;

    private static async Task AllAsync<T>(Task<T>[] answers, Func<T, bool> isYes)
    {
        foreach (var answer in answers)
        {
            Check(isYes(await answer));
        }
    }

    private static Task MajorityAsync<T>(Task<T>[] answers, Func<T, bool> isYes)
    {
        var majority = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var missing = (answers.Length / 2) + 1;
        foreach (var answer in answers)
        {
            _ = CountAsync(answer);
        }

        return majority.Task;

        async Task CountAsync(Task<T> answer)
        {
            try
            {
                Check(isYes(await answer.ConfigureAwait(false)));
                if (Interlocked.Decrement(ref missing) == 0)
                {
                    majority.SetResult();
                }
            }
            catch (Exception exception)
            {
                majority.TrySetException(exception);
            }
        }
    }

    private static void Check(bool isYes)
    {
        if (!isYes)
        {
            throw new InvalidOperationException("Somebody else uses the benchmark's key.");
        }
    }

    private async Task<byte[]> LoadAsync()
    {
        foreach (var database in _databases)
        {
            await database.ScriptEvaluateAsync(RawSetNx.Script, _keys, _values);
        }

#pragma warning disable CA5350 // How Redis names scripts.
        return SHA1.HashData(Encoding.UTF8.GetBytes(RawSetNx.Script));
#pragma warning restore CA5350
    }
}
