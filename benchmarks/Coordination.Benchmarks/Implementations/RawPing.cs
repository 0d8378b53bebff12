using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Implementations;

/// <summary>One round trip.</summary>
internal sealed class RawPing(IConnectionMultiplexer connection) : IPair
{
    private readonly IDatabase _database = connection.GetDatabase();

    public string Name => "PING (one round trip)";

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync() => await _database.PingAsync();

    public ValueTask DisposeAsync() => default;
}
