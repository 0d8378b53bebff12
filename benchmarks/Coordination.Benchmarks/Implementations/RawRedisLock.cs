using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary><c>SET NX PX</c> and a script that compares and deletes: on one server, or on a majority of several.</summary>
internal sealed class RawRedisLock(IReadOnlyList<ConnectionMultiplexer> connections) : RawPolling
{
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(30);

    private readonly IDatabase[] _databases = [.. connections.Select(static connection => connection.GetDatabase())];
    private readonly string _owner = Guid.NewGuid().ToString("N");
    private long _attempts;

    public override async ValueTask DisposeAsync()
    {
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }

    protected override async ValueTask<IAsyncDisposable?> TryAcquireAsync(string resource)
    {
        RedisValue owner = $"{_owner}:{Interlocked.Increment(ref _attempts)}";
        var sets = await Task.WhenAll(_databases.Select(database => database.StringSetAsync(resource, owner, Expiry, When.NotExists)));
        if (sets.Count(static set => set) > _databases.Length / 2)
        {
            return new Held(() => ReleaseAsync(_databases, resource, owner));
        }

        // What a minority granted.
        await ReleaseAsync(_databases.Where((_, i) => sets[i]), resource, owner);
        return null;
    }

    private static Task ReleaseAsync(IEnumerable<IDatabase> databases, RedisKey key, RedisValue owner) =>
        Task.WhenAll(databases.Select(database => database.ScriptEvaluateAsync(RawSetNx.Script, [key], [owner])));
}
