using BenchmarkDotNet.Attributes;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Micro;

/// <summary>On five independent masters, with the peers that have Redlock.</summary>
public class RedlockPairs : BackendPairs
{
    private IPair _medallion = null!;
    private IPair _redLock = null!;

    internal override Backend Backend => BackendCatalog.Redlock5;

    [Benchmark(Description = "DistributedLock.Redis, lock")]
    public ValueTask Medallion() => _medallion.RunAsync();

    [Benchmark(Description = "RedLock.net, lock")]
    public ValueTask RedLock() => _redLock.RunAsync();

    protected override async Task OpenPeersAsync()
    {
        _medallion = await PairAsync(Catalog.DistributedLock, Primitive.Lock, ClaimMode.Exclusive);
        _redLock = await PairAsync(Catalog.RedLockNet, Primitive.Lock, ClaimMode.Exclusive);
    }
}
