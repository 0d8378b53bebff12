using BenchmarkDotNet.Attributes;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;
using Coordination.Redis;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Micro;

/// <summary>One uncontended acquire + release on Redis, its floors and its peers, on one connection.</summary>
[MemoryDiagnoser]
public class RedisPairs
{
    private ConnectionMultiplexer _connection = null!;
    private IPair _ping = null!;
    private IPair _floor = null!;
    private IPair _ownScripts = null!;
    private IPair _ours = null!;
    private IPair _medallion = null!;
    private IPair _redLock = null!;

    /// <summary>Where the server is: BenchmarkDotNet makes the object, so it cannot be told otherwise.</summary>
    internal static string Endpoint { get; set; } = "";

    [GlobalSetup]
    public async Task ConnectAsync()
    {
        _connection = await RedisTarget.ConnectAsync(Endpoint);
        _ping = new RawPing(_connection);
        _floor = new RawSetNx(_connection);
        _ownScripts = new OwnScripts(_connection);
        _ours = new CoordinationLock(new RedisBackend(_connection));
        _medallion = new MedallionLock(_connection);
        _redLock = new RedLockNetLock(_connection);
    }

    [GlobalCleanup]
    public async Task DisconnectAsync()
    {
        await _ours.DisposeAsync();
        await _connection.DisposeAsync();
    }

    [Benchmark(Description = "PING")]
    public ValueTask Ping() => _ping.RunAsync();

    [Benchmark(Description = "SET NX + EVALSHA, raw", Baseline = true)]
    public ValueTask Floor() => _floor.RunAsync();

    [Benchmark(Description = "Coordination's scripts, raw")]
    public ValueTask Scripts() => _ownScripts.RunAsync();

    [Benchmark(Description = "Coordination")]
    public ValueTask Ours() => _ours.RunAsync();

    [Benchmark(Description = "DistributedLock.Redis")]
    public ValueTask Medallion() => _medallion.RunAsync();

    [Benchmark(Description = "RedLock.net")]
    public ValueTask RedLock() => _redLock.RunAsync();
}
