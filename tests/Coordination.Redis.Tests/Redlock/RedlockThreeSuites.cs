using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>What Redlock does not promise, and why.</summary>
internal static class RedlockLimits
{
    internal const string NoMixture = "Redlock refuses claims of another kind while any lives (AllowsMixedClaims), see KindTests.";
    internal const string NoQueue = "Redlock's masters do not grant on a waiter's behalf, and readers have no order among themselves (IsFair, OrdersReaders).";
}

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeAcquisition(RedlockThreeFixture fixture) : AcquisitionSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeDisposal(RedlockThreeFixture fixture) : DisposalSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeElection(RedlockThreeFixture fixture) : ElectionSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeExclusionOfProcesses(RedlockThreeFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeExclusion(RedlockThreeFixture fixture) : ExclusionSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeFencing(RedlockThreeFixture fixture) : FencingSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeLoss(RedlockThreeFixture fixture) : LossSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeNothingLeftBehind(RedlockThreeFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeExactlyOneClaim(RedlockThreeFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeOrder(RedlockThreeFixture fixture) : OrderSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeHandOff(RedlockThreeFixture fixture) : HandOffSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeCrash(RedlockThreeFixture fixture) : CrashSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeRelease(RedlockThreeFixture fixture) : ReleaseSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeNothingHangs(RedlockThreeFixture fixture) : NothingHangsSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeBadInput(RedlockThreeFixture fixture) : BadInputSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeRenewalScales(RedlockThreeFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeHandRenewed(RedlockThreeFixture fixture) : HandRenewedSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeOutage(RedlockThreeFixture fixture) : OutageSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeClaimContract(RedlockThreeFixture fixture) : ClaimContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeDetachContract(RedlockThreeFixture fixture) : DetachContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeFaultContract(RedlockThreeFixture fixture) : FaultContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeGrantRule(RedlockThreeFixture fixture) : GrantRuleSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeHintContract(RedlockThreeFixture fixture) : HintContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeNameContract(RedlockThreeFixture fixture) : NameContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeSessionContract(RedlockThreeFixture fixture) : SessionContractSuite(fixture), IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeTokenContract(RedlockThreeClockFixture fixture) : TokenContractSuite(fixture), IClassFixture<RedlockThreeClockFixture>, IClassFixture<RedlockThreeFixture>;

[Collection(RedlockThreeFixture.Row)]
public sealed class RedlockThreeValueContract(RedlockThreeFixture fixture) : ValueContractSuite(fixture), IClassFixture<RedlockThreeFixture>;
