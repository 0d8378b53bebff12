using Coordination.Conformance;

namespace Coordination.Tests.Conformance;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryAcquisition(InMemoryFixture fixture) : AcquisitionSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryDisposal(InMemoryFixture fixture) : DisposalSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryElection(InMemoryFixture fixture) : ElectionSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryExclusionOfProcesses(InMemoryFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryExclusion(InMemoryFixture fixture) : ExclusionSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryFencing(InMemoryFixture fixture) : FencingSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryLoss(InMemoryFixture fixture) : LossSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryNothingLeftBehind(InMemoryFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryExactlyOneClaim(InMemoryFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryOrder(InMemoryFixture fixture) : OrderSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryHandOff(InMemoryFixture fixture) : HandOffSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryCrash(InMemoryFixture fixture) : CrashSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryRelease(InMemoryFixture fixture) : ReleaseSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryNothingHangs(InMemoryFixture fixture) : NothingHangsSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryBadInput(InMemoryFixture fixture) : BadInputSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryRenewalScales(InMemoryFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryHandRenewed(InMemoryFixture fixture) : HandRenewedSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryOutage(InMemoryFixture fixture) : OutageSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryLeaderElectedService(InMemoryFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<InMemoryFixture>;
