using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

public sealed class ClusterAcquisition(RedisClusterFixture fixture) : AcquisitionSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterDisposal(RedisClusterFixture fixture) : DisposalSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterElection(RedisClusterFixture fixture) : ElectionSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterExclusionOfProcesses(RedisClusterFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterExclusion(RedisClusterFixture fixture) : ExclusionSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterFencing(RedisClusterFixture fixture) : FencingSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterLoss(RedisClusterFixture fixture) : LossSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterNothingLeftBehind(RedisClusterFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterExactlyOneClaim(RedisClusterFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterOrder(RedisClusterFixture fixture) : OrderSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterHandOff(RedisClusterFixture fixture) : HandOffSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterCrash(RedisClusterFixture fixture) : CrashSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterRelease(RedisClusterFixture fixture) : ReleaseSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterNothingHangs(RedisClusterFixture fixture) : NothingHangsSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterBadInput(RedisClusterFixture fixture) : BadInputSuite(fixture), IClassFixture<RedisClusterFixture>;

[Collection(MuchWork.OneByOne)]
public sealed class ClusterRenewalScales(RedisClusterFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterHandRenewed(RedisClusterFixture fixture) : HandRenewedSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterOutage(RedisClusterFixture fixture) : OutageSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterClaimContract(RedisClusterFixture fixture) : ClaimContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterDetachContract(RedisClusterFixture fixture) : DetachContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterFaultContract(RedisClusterFixture fixture) : FaultContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterGrantRule(RedisClusterFixture fixture) : GrantRuleSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterHintContract(RedisClusterFixture fixture) : HintContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterNameContract(RedisClusterFixture fixture) : NameContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterSessionContract(RedisClusterFixture fixture) : SessionContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterTokenContract(RedisClusterClockFixture fixture) : TokenContractSuite(fixture), IClassFixture<RedisClusterClockFixture>, IClassFixture<RedisClusterFixture>;

public sealed class ClusterValueContract(RedisClusterFixture fixture) : ValueContractSuite(fixture), IClassFixture<RedisClusterFixture>;

public sealed class ClusterLeaderElectedService(RedisClusterFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<RedisClusterFixture>;
