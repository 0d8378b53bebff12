using BenchmarkDotNet.Attributes;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Micro;

/// <summary>On one etcd member, with etcd's own lock service.</summary>
public class EtcdPairs : BackendPairs
{
    private IPair _service = null!;

    internal override Backend Backend => BackendCatalog.Etcd;

    [Benchmark(Description = "etcd's lock service")]
    public ValueTask Service() => _service.RunAsync();

    protected override async Task OpenPeersAsync() => _service = await PairAsync(Catalog.LockService, Primitive.Lock, ClaimMode.Exclusive);
}
