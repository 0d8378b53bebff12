using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>What Redlock does not promise, and why.</summary>
internal static class RedlockLimits
{
    internal const string NoMixture = "Redlock refuses claims of another kind while any lives (AllowsMixedClaims), see KindTests.";
    internal const string NoQueue = "Redlock's masters do not grant on a waiter's behalf, and readers have no order among themselves (IsFair, OrdersReaders).";
}

public sealed class RedlockThreeAcquisition(RedlockThreeFixture fixture) : AcquisitionSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeDisposal(RedlockThreeFixture fixture) : DisposalSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeElection(RedlockThreeFixture fixture) : ElectionSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeExclusionOfProcesses(RedlockThreeFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Unsupported(nameof(While_the_number_of_permits_differs_the_smallest_of_those_held_binds), RedlockLimits.NoMixture)]
public sealed class RedlockThreeExclusion(RedlockThreeFixture fixture) : ExclusionSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeFencing(RedlockThreeFixture fixture) : FencingSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeLoss(RedlockThreeFixture fixture) : LossSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeNothingLeftBehind(RedlockThreeFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeExactlyOneClaim(RedlockThreeFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeOrder(RedlockThreeFixture fixture) : OrderSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeHandOff(RedlockThreeFixture fixture) : HandOffSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeCrash(RedlockThreeFixture fixture) : CrashSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeRelease(RedlockThreeFixture fixture) : ReleaseSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeNothingHangs(RedlockThreeFixture fixture) : NothingHangsSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeBadInput(RedlockThreeFixture fixture) : BadInputSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(MuchWork.OneByOne)]
public sealed class RedlockThreeRenewalScales(RedlockThreeFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeHandRenewed(RedlockThreeFixture fixture) : HandRenewedSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeOutage(RedlockThreeFixture fixture) : OutageSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeClaimContract(RedlockThreeFixture fixture) : ClaimContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeDetachContract(RedlockThreeFixture fixture) : DetachContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeFaultContract(RedlockThreeFixture fixture) : FaultContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Unsupported(nameof(A_counted_claim_of_a_smaller_limit_waits_until_it_is_alone_enough), RedlockLimits.NoMixture)]
[Unsupported(nameof(Any_sequence_of_claims_and_releases_does_what_the_model_does), RedlockLimits.NoQueue)]
public sealed class RedlockThreeGrantRule(RedlockThreeFixture fixture) : GrantRuleSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeHintContract(RedlockThreeFixture fixture) : HintContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeNameContract(RedlockThreeFixture fixture) : NameContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeSessionContract(RedlockThreeFixture fixture) : SessionContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeTokenContract(RedlockThreeClockFixture fixture) : TokenContractSuite(fixture), IClassFixture<RedlockThreeClockFixture>, IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeValueContract(RedlockThreeFixture fixture) : ValueContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

public sealed class RedlockThreeLeaderElectedService(RedlockThreeFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<RedlockThreeFixture>;
