using Coordination.Conformance;

namespace Coordination.Etcd.Tests.Conformance;

[Collection(EtcdClusterFixture.Second)]
public sealed class ClusterExclusion(EtcdClusterFixture fixture) : ExclusionSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Collection(EtcdClusterFixture.Second)]
public sealed class ClusterLoss(EtcdClusterFixture fixture) : LossSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Collection(EtcdClusterFixture.Second)]
public sealed class ClusterCrash(EtcdClusterFixture fixture) : CrashSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Collection(EtcdClusterFixture.Second)]
public sealed class ClusterOrder(EtcdClusterFixture fixture) : OrderSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Collection(EtcdClusterFixture.Second)]
public sealed class ClusterHandOff(EtcdClusterFixture fixture) : HandOffSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Collection(EtcdClusterFixture.First)]
public sealed class ClusterOutage(EtcdClusterFixture fixture) : OutageSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Collection(EtcdClusterFixture.Second)]
public sealed class ClusterDetachContract(EtcdClusterFixture fixture) : DetachContractSuite(fixture), IClassFixture<EtcdClusterFixture>;
