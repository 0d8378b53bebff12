using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Micro;

/// <summary>On one ZooKeeper server.</summary>
public class ZooKeeperPairs : BackendPairs
{
    internal override Backend Backend => BackendCatalog.ZooKeeper;
}
