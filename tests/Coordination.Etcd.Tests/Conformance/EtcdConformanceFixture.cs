using Coordination.Conformance;
using Coordination.Etcd.Tests.Servers;

namespace Coordination.Etcd.Tests.Conformance;

/// <summary>etcd of one node, as Debian packs it.</summary>
public sealed class EtcdConformanceFixture : BackendFixture
{
    public override string Name => "etcd";

    public override ValueTask<BackendServer> StartServerAsync()
    {
        Missing.SkipWithoutEtcd();
        return EtcdServerUnderTest.StartAsync();
    }
}
