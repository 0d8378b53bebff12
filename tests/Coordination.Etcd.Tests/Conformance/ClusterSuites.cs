using Coordination.Conformance;

namespace Coordination.Etcd.Tests.Conformance;

public sealed class ClusterAcquisition(EtcdClusterFixture fixture) : AcquisitionSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterDisposal(EtcdClusterFixture fixture) : DisposalSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterElection(EtcdClusterFixture fixture) : ElectionSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterExclusionOfProcesses(EtcdClusterFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterExclusion(EtcdClusterFixture fixture) : ExclusionSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterFencing(EtcdClusterFixture fixture) : FencingSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterLoss(EtcdClusterFixture fixture) : LossSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterNothingLeftBehind(EtcdClusterFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterExactlyOneClaim(EtcdClusterFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterOrder(EtcdClusterFixture fixture) : OrderSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterHandOff(EtcdClusterFixture fixture) : HandOffSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterCrash(EtcdClusterFixture fixture) : CrashSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterRelease(EtcdClusterFixture fixture) : ReleaseSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterNothingHangs(EtcdClusterFixture fixture) : NothingHangsSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterBadInput(EtcdClusterFixture fixture) : BadInputSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterRenewalScales(EtcdClusterFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterHandRenewed(EtcdClusterFixture fixture) : HandRenewedSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterOutage(EtcdClusterFixture fixture) : OutageSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterClaimContract(EtcdClusterFixture fixture) : ClaimContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterDetachContract(EtcdClusterFixture fixture) : DetachContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterFaultContract(EtcdClusterFixture fixture) : FaultContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterGrantRule(EtcdClusterFixture fixture) : GrantRuleSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterHintContract(EtcdClusterFixture fixture) : HintContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterNameContract(EtcdClusterFixture fixture) : NameContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterSessionContract(EtcdClusterFixture fixture) : SessionContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

[Unsupported(nameof(Tokens_grow_although_the_servers_clock_steps_back), EtcdLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_does_not_keep_the_dead_alive), EtcdLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_takes_nothing_from_those_that_renew), EtcdLimits.NoWallClock)]
[Unsupported(nameof(Tokens_grow_over_a_restart_that_loses_the_data), EtcdLimits.TokensAreRevisions)]
public sealed class ClusterTokenContract(EtcdClusterFixture fixture) : TokenContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterValueContract(EtcdClusterFixture fixture) : ValueContractSuite(fixture), IClassFixture<EtcdClusterFixture>;

public sealed class ClusterLeaderElectedService(EtcdClusterFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<EtcdClusterFixture>;
