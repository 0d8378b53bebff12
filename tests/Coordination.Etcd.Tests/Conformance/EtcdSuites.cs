using Coordination.Conformance;

namespace Coordination.Etcd.Tests.Conformance;

/// <summary>What etcd cannot, and why.</summary>
internal static class EtcdLimits
{
    internal const string NoWallClock = "etcd counts leases by the monotonic clock and tokens by revisions: there is no wall clock to step.";

    internal const string TokensAreRevisions = "Tokens are the cluster's revisions: one that has lost all its data begins anew. docs/etcd.md says what to do then.";
}

public sealed class EtcdAcquisition(EtcdConformanceFixture fixture) : AcquisitionSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdDisposal(EtcdConformanceFixture fixture) : DisposalSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdElection(EtcdConformanceFixture fixture) : ElectionSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdExclusionOfProcesses(EtcdConformanceFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdExclusion(EtcdConformanceFixture fixture) : ExclusionSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdFencing(EtcdConformanceFixture fixture) : FencingSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdLoss(EtcdConformanceFixture fixture) : LossSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdNothingLeftBehind(EtcdConformanceFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdExactlyOneClaim(EtcdConformanceFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdOrder(EtcdConformanceFixture fixture) : OrderSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdHandOff(EtcdConformanceFixture fixture) : HandOffSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdCrash(EtcdConformanceFixture fixture) : CrashSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdRelease(EtcdConformanceFixture fixture) : ReleaseSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdNothingHangs(EtcdConformanceFixture fixture) : NothingHangsSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdBadInput(EtcdConformanceFixture fixture) : BadInputSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdRenewalScales(EtcdConformanceFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdHandRenewed(EtcdConformanceFixture fixture) : HandRenewedSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdOutage(EtcdConformanceFixture fixture) : OutageSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdClaimContract(EtcdConformanceFixture fixture) : ClaimContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdDetachContract(EtcdConformanceFixture fixture) : DetachContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdFaultContract(EtcdConformanceFixture fixture) : FaultContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdGrantRule(EtcdConformanceFixture fixture) : GrantRuleSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdHintContract(EtcdConformanceFixture fixture) : HintContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdNameContract(EtcdConformanceFixture fixture) : NameContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdSessionContract(EtcdConformanceFixture fixture) : SessionContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

[Unsupported(nameof(Tokens_grow_although_the_servers_clock_steps_back), EtcdLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_does_not_keep_the_dead_alive), EtcdLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_takes_nothing_from_those_that_renew), EtcdLimits.NoWallClock)]
[Unsupported(nameof(Tokens_grow_over_a_restart_that_loses_the_data), EtcdLimits.TokensAreRevisions)]
public sealed class EtcdTokenContract(EtcdConformanceFixture fixture) : TokenContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdValueContract(EtcdConformanceFixture fixture) : ValueContractSuite(fixture), IClassFixture<EtcdConformanceFixture>;

public sealed class EtcdLeaderElectedService(EtcdConformanceFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<EtcdConformanceFixture>;
