using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One round trip, to all servers at once.</summary>
internal sealed class RawPing(params IReadOnlyList<ConnectionMultiplexer> connections) : IPair
{
    private readonly IDatabase[] _databases = [.. connections.Select(static connection => connection.GetDatabase())];
    private readonly Task[] _pings = new Task[connections.Count];

    public string Name => _databases.Length == 1 ? "PING (one round trip)" : "PING to all masters";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync()
    {
        for (var i = 0; i < _pings.Length; i++)
        {
            _pings[i] = _databases[i].PingAsync();
        }

        foreach (var ping in _pings)
        {
            await ping;
        }
    }

    public ValueTask DisposeAsync() => default;
}
