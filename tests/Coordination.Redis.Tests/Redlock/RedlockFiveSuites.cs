using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

// What five masters can change: the guarantees of grants, loss, hand-off and faults. The rest is the same code with another number.

public sealed class RedlockFiveAcquisition(RedlockFiveFixture fixture) : AcquisitionSuite(fixture), IClassFixture<RedlockFiveFixture>;

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

public sealed class RedlockFiveRenewalScales(RedlockFiveFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveOutage(RedlockFiveFixture fixture) : OutageSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveClaimContract(RedlockFiveFixture fixture) : ClaimContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveDetachContract(RedlockFiveFixture fixture) : DetachContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveHintContract(RedlockFiveFixture fixture) : HintContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveSessionContract(RedlockFiveFixture fixture) : SessionContractSuite(fixture), IClassFixture<RedlockFiveFixture>;

public sealed class RedlockFiveValueContract(RedlockFiveFixture fixture) : ValueContractSuite(fixture), IClassFixture<RedlockFiveFixture>;
