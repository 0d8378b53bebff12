using Coordination.Conformance;

namespace Coordination.ZooKeeper.Tests.Conformance;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleAcquisition(EnsembleFixture fixture) : AcquisitionSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleDisposal(EnsembleFixture fixture) : DisposalSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleElection(EnsembleFixture fixture) : ElectionSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleExclusionOfProcesses(EnsembleFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleExclusion(EnsembleFixture fixture) : ExclusionSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleFencing(EnsembleFixture fixture) : FencingSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Second)]
public sealed class EnsembleLoss(EnsembleFixture fixture) : LossSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleNothingLeftBehind(EnsembleFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleExactlyOneClaim(EnsembleFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleOrder(EnsembleFixture fixture) : OrderSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleHandOff(EnsembleFixture fixture) : HandOffSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleCrash(EnsembleFixture fixture) : CrashSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleRelease(EnsembleFixture fixture) : ReleaseSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleNothingHangs(EnsembleFixture fixture) : NothingHangsSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleBadInput(EnsembleFixture fixture) : BadInputSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleRenewalScales(EnsembleFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleHandRenewed(EnsembleFixture fixture) : HandRenewedSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Second)]
public sealed class EnsembleOutage(EnsembleFixture fixture) : OutageSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleClaimContract(EnsembleFixture fixture) : ClaimContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleDetachContract(EnsembleFixture fixture) : DetachContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Second)]
public sealed class EnsembleFaultContract(EnsembleFixture fixture) : FaultContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleGrantRule(EnsembleFixture fixture) : GrantRuleSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleHintContract(EnsembleFixture fixture) : HintContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleNameContract(EnsembleFixture fixture) : NameContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleSessionContract(EnsembleFixture fixture) : SessionContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Unsupported(nameof(Tokens_grow_although_the_servers_clock_steps_back), ZooKeeperLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_does_not_keep_the_dead_alive), ZooKeeperLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_takes_nothing_from_those_that_renew), ZooKeeperLimits.NoWallClock)]
[Unsupported(nameof(Tokens_grow_over_a_restart_that_loses_the_data), ZooKeeperLimits.TokensAreTransactions)]
[Collection(EnsembleFixture.First)]
public sealed class EnsembleTokenContract(EnsembleFixture fixture) : TokenContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.Third)]
public sealed class EnsembleValueContract(EnsembleFixture fixture) : ValueContractSuite(fixture), IClassFixture<EnsembleFixture>;

[Collection(EnsembleFixture.First)]
public sealed class EnsembleLeaderElectedService(EnsembleFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<EnsembleFixture>;
