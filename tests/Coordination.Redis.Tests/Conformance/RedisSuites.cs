using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

public sealed class RedisAcquisition(RedisConformanceFixture fixture) : AcquisitionSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisDisposal(RedisConformanceFixture fixture) : DisposalSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisElection(RedisConformanceFixture fixture) : ElectionSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisExclusionOfProcesses(RedisConformanceFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisExclusion(RedisConformanceFixture fixture) : ExclusionSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisFencing(RedisConformanceFixture fixture) : FencingSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisLoss(RedisConformanceFixture fixture) : LossSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisNothingLeftBehind(RedisConformanceFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisExactlyOneClaim(RedisConformanceFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisOrder(RedisConformanceFixture fixture) : OrderSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisHandOff(RedisConformanceFixture fixture) : HandOffSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisCrash(RedisConformanceFixture fixture) : CrashSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisRelease(RedisConformanceFixture fixture) : ReleaseSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisNothingHangs(RedisConformanceFixture fixture) : NothingHangsSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisBadInput(RedisConformanceFixture fixture) : BadInputSuite(fixture), IClassFixture<RedisConformanceFixture>;

[Collection(MuchWork.OneByOne)]
public sealed class RedisRenewalScales(RedisConformanceFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisHandRenewed(RedisConformanceFixture fixture) : HandRenewedSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisOutage(RedisConformanceFixture fixture) : OutageSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisClaimContract(RedisConformanceFixture fixture) : ClaimContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisDetachContract(RedisConformanceFixture fixture) : DetachContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisFaultContract(RedisConformanceFixture fixture) : FaultContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisGrantRule(RedisConformanceFixture fixture) : GrantRuleSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisHintContract(RedisConformanceFixture fixture) : HintContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisNameContract(RedisConformanceFixture fixture) : NameContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisSessionContract(RedisConformanceFixture fixture) : SessionContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisTokenContract(RedisClockFixture fixture) : TokenContractSuite(fixture), IClassFixture<RedisClockFixture>, IClassFixture<RedisConformanceFixture>;

public sealed class RedisValueContract(RedisConformanceFixture fixture) : ValueContractSuite(fixture), IClassFixture<RedisConformanceFixture>;

public sealed class RedisLeaderElectedService(RedisConformanceFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<RedisConformanceFixture>;
