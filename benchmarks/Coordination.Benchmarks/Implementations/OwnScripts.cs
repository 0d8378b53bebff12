using System.Runtime.CompilerServices;
using Coordination.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>The Redis backend's own scripts without the library around them: what is above this is the engine's and the backend's cost.</summary>
internal sealed class OwnScripts(IConnectionMultiplexer connection) : IPair
{
    private readonly IDatabase _database = connection.GetDatabase();
    private readonly RedisKey[] _keys = ["benchmark:{own-scripts}", "benchmark:{own-scripts}:w"];

    // id, intent: queue, duration, limit: exclusive, flags, route, retention, value; as RedisSession fills them in.
    private readonly RedisValue[] _claim =
        ["a3c1f0d2b4e5968778695a", 0, 30_000, 0, 0, "benchmark:hints:a3c1f0d2b4e5968778695a 1", 3_600_000, $"{Environment.MachineName}/{Environment.ProcessId}"];

    private readonly RedisValue[] _release = [30_000, 3_600_000, "a3c1f0d2b4e5968778695a"];
    private bool _isLoaded;

    public string Name => "Coordination's scripts, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        if (!_isLoaded)
        {
            await LoadAsync();
        }

        if ((long)await _database.ScriptEvaluateAsync(RedisScripts.Claim.Hash, _keys, _claim) <= 0
            || (long)await _database.ScriptEvaluateAsync(RedisScripts.Release.Hash, _keys, _release) != 1)
        {
            throw new InvalidOperationException("The scripts take other arguments than the benchmark gives them.");
        }
    }

    public ValueTask DisposeAsync() => default;

    private async Task LoadAsync()
    {
        var server = connection.GetServers()[0];
        await server.ScriptLoadAsync(RedisScripts.Claim.Text);
        await server.ScriptLoadAsync(RedisScripts.Release.Text);
        _isLoaded = true;
    }
}
