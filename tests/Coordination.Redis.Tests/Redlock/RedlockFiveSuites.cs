using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

public sealed class RedlockFiveAcquisition(RedlockFiveFixture fixture) : AcquisitionSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveDisposal(RedlockFiveFixture fixture) : DisposalSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveElection(RedlockFiveFixture fixture) : ElectionSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveExclusionOfProcesses(RedlockFiveFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<RedlockFiveFixture>;

[Unsupported(nameof(While_the_number_of_permits_differs_the_smallest_of_those_held_binds), RedlockLimits.NoMixture)]
public sealed class RedlockFiveExclusion(RedlockFiveFixture fixture) : ExclusionSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveFencing(RedlockFiveFixture fixture) : FencingSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveLoss(RedlockFiveFixture fixture) : LossSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveNothingLeftBehind(RedlockFiveFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveExactlyOneClaim(RedlockFiveFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveOrder(RedlockFiveFixture fixture) : OrderSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveHandOff(RedlockFiveFixture fixture) : HandOffSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveCrash(RedlockFiveFixture fixture) : CrashSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveRelease(RedlockFiveFixture fixture) : ReleaseSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveNothingHangs(RedlockFiveFixture fixture) : NothingHangsSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveBadInput(RedlockFiveFixture fixture) : BadInputSuite(fixture), IClassFixture<RedlockFiveFixture>;

[Collection(MuchWork.OneByOne)]
public sealed class RedlockFiveRenewalScales(RedlockFiveFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveHandRenewed(RedlockFiveFixture fixture) : HandRenewedSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveOutage(RedlockFiveFixture fixture) : OutageSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveClaimContract(RedlockFiveFixture fixture) : ClaimContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveDetachContract(RedlockFiveFixture fixture) : DetachContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveFaultContract(RedlockFiveFixture fixture) : FaultContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

[Unsupported(nameof(A_counted_claim_of_a_smaller_limit_waits_until_it_is_alone_enough), RedlockLimits.NoMixture)]
[Unsupported(nameof(Any_sequence_of_claims_and_releases_does_what_the_model_does), RedlockLimits.NoQueue)]
public sealed class RedlockFiveGrantRule(RedlockFiveFixture fixture) : GrantRuleSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveHintContract(RedlockFiveFixture fixture) : HintContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveNameContract(RedlockFiveFixture fixture) : NameContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveSessionContract(RedlockFiveFixture fixture) : SessionContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveTokenContract(RedlockFiveClockFixture fixture) : TokenContractSuite(fixture), IClassFixture<RedlockFiveClockFixture>, IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveValueContract(RedlockFiveFixture fixture) : ValueContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveLeaderElectedService(RedlockFiveFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<RedlockFiveFixture>;
