using System.Runtime.CompilerServices;
using Coordination.Benchmarks.Servers;
using Coordination.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>Redlock's own scripts, to all masters at once, without the library around them: what is above this is the engine's and the backend's cost, what is above the floor the scripts'.</summary>
/// <param name="connections">One to each master. They must be admitted.</param>
internal sealed class OwnRedlockScripts(IReadOnlyList<ConnectionMultiplexer> connections) : IPair
{
    private static readonly long Longest = (long)RedlockSet.Longest.TotalMilliseconds;

    private readonly IDatabase[] _databases = [.. connections.Select(static connection => connection.GetDatabase())];
    private readonly RedisKey[] _keys = Keys();

    // Longest, retention, id, attempt, intent (0: queue, 1: try once), duration, kind and what: exclusive, token, ticket, reserve, flags, slot, route, value; as RedlockSession fills them in.
    private readonly RedisValue[] _claim =
        [Longest, 3_600_000, 0, 1, 0, Longest, 0, 0, 0, 0, 5, 0, 0, "benchmark:hints:a3c1f0d2b4e5968778695a 1", $"{Environment.MachineName}/{Environment.ProcessId}"];

    // Longest, retention, duration, id, token, attempts.
    private readonly RedisValue[] _release = [Longest, 3_600_000, Longest, 0, 0, 1];
    private readonly Task<RedisResult>[] _answers = new Task<RedisResult>[connections.Count];
    private long _token;
    private int _pairs;

    public string Name => "Coordination's scripts to all masters, raw";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        if (_pairs == 0)
        {
            await LoadAsync();
        }

        _token++;
        _claim[2] = _release[3] = ++_pairs;
        _claim[8] = _claim[9] = _release[4] = _token;
        Send(RedlockScripts.Claim.Hash, _claim);
        await AllSayOneAsync();
        Send(RedlockScripts.Release.Hash, _release);
        await AllSayOneAsync();
    }

    public ValueTask DisposeAsync() => default;

    private static RedisKey[] Keys()
    {
        var keys = new RedlockKeys("coordination");
        var its = keys.Of("benchmark/own-scripts");
        return [keys.Master, its.Leases, its.Waiting, its.Tickets];
    }

    private void Send(byte[] script, RedisValue[] values)
    {
        for (var i = 0; i < _answers.Length; i++)
        {
            _answers[i] = _databases[i].ScriptEvaluateAsync(script, _keys, values);
        }
    }

    private async Task AllSayOneAsync()
    {
        foreach (var answer in _answers)
        {
            if (await answer is not { Resp2Type: ResultType.Integer } said || (int)said != 1)
            {
                throw new InvalidOperationException("The scripts take other arguments than the benchmark gives them.");
            }
        }
    }

    private async Task LoadAsync()
    {
        foreach (var connection in connections)
        {
            await connection.GetServers()[0].ScriptLoadAsync(RedlockScripts.Claim.Text);
            await connection.GetServers()[0].ScriptLoadAsync(RedlockScripts.Release.Text);

            // Any token is too low for a register that is above it: refused, and told the register.
            (_claim[2], _claim[4]) = (++_pairs, 1);
            var refused = await connection.GetDatabase().ScriptEvaluateAsync(RedlockScripts.Claim.Hash, _keys, _claim);
            _token = Math.Max(_token, (long)refused[1]);
        }

        _claim[4] = 0;
    }
}
