using BenchmarkDotNet.Attributes;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Micro;

/// <summary>On one Redis server, with its peers.</summary>
public class RedisPairs : BackendPairs
{
    private IPair _medallion = null!;
    private IPair _medallionReader = null!;
    private IPair _medallionPermit = null!;
    private IPair _redLock = null!;

    internal override Backend Backend => BackendCatalog.Redis;

    [Benchmark(Description = "DistributedLock.Redis, lock")]
    public ValueTask Medallion() => _medallion.RunAsync();

    [Benchmark(Description = "DistributedLock.Redis, reader")]
    public ValueTask MedallionReader() => _medallionReader.RunAsync();

    [Benchmark(Description = "DistributedLock.Redis, permit")]
    public ValueTask MedallionPermit() => _medallionPermit.RunAsync();

    [Benchmark(Description = "RedLock.net, lock")]
    public ValueTask RedLock() => _redLock.RunAsync();

    protected override async Task OpenPeersAsync()
    {
        _medallion = await PairAsync(Catalog.DistributedLock, Primitive.Lock, ClaimMode.Exclusive);
        _medallionReader = await PairAsync(Catalog.DistributedLock, Primitive.ReaderWriterLock, ClaimMode.Shared);
        _medallionPermit = await PairAsync(Catalog.DistributedLock, Primitive.Semaphore, ClaimMode.Counted);
        _redLock = await PairAsync(Catalog.RedLockNet, Primitive.Lock, ClaimMode.Exclusive);
    }
}
