using Coordination.Conformance;

namespace Coordination.ZooKeeper.Tests.Conformance;

/// <summary>What ZooKeeper cannot, and why.</summary>
internal static class ZooKeeperLimits
{
    internal const string NoWallClock = "ZooKeeper counts sessions by the monotonic clock and tokens by transactions: there is no wall clock to step.";

    internal const string TokensAreTransactions = "Tokens are the ensemble's transactions: one that has lost all its data begins anew. docs/zookeeper.md says what to do then.";
}

public sealed class ZooKeeperAcquisition(ZooKeeperFixture fixture) : AcquisitionSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperDisposal(ZooKeeperFixture fixture) : DisposalSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperElection(ZooKeeperFixture fixture) : ElectionSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperExclusionOfProcesses(ZooKeeperFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperExclusion(ZooKeeperFixture fixture) : ExclusionSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperFencing(ZooKeeperFixture fixture) : FencingSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperLoss(ZooKeeperFixture fixture) : LossSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperNothingLeftBehind(ZooKeeperFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperExactlyOneClaim(ZooKeeperFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperOrder(ZooKeeperFixture fixture) : OrderSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperHandOff(ZooKeeperFixture fixture) : HandOffSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperCrash(ZooKeeperFixture fixture) : CrashSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperRelease(ZooKeeperFixture fixture) : ReleaseSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperNothingHangs(ZooKeeperFixture fixture) : NothingHangsSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperBadInput(ZooKeeperFixture fixture) : BadInputSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperRenewalScales(ZooKeeperFixture fixture) : RenewalScalesSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperHandRenewed(ZooKeeperFixture fixture) : HandRenewedSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperOutage(ZooKeeperFixture fixture) : OutageSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperClaimContract(ZooKeeperFixture fixture) : ClaimContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperDetachContract(ZooKeeperFixture fixture) : DetachContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperFaultContract(ZooKeeperFixture fixture) : FaultContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperGrantRule(ZooKeeperFixture fixture) : GrantRuleSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperHintContract(ZooKeeperFixture fixture) : HintContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperNameContract(ZooKeeperFixture fixture) : NameContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperSessionContract(ZooKeeperFixture fixture) : SessionContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

[Unsupported(nameof(Tokens_grow_although_the_servers_clock_steps_back), ZooKeeperLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_does_not_keep_the_dead_alive), ZooKeeperLimits.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_takes_nothing_from_those_that_renew), ZooKeeperLimits.NoWallClock)]
[Unsupported(nameof(Tokens_grow_over_a_restart_that_loses_the_data), ZooKeeperLimits.TokensAreTransactions)]
public sealed class ZooKeeperTokenContract(ZooKeeperFixture fixture) : TokenContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperValueContract(ZooKeeperFixture fixture) : ValueContractSuite(fixture), IClassFixture<ZooKeeperFixture>;

public sealed class ZooKeeperLeaderElectedService(ZooKeeperFixture fixture) : LeaderElectedServiceSuite(fixture), IClassFixture<ZooKeeperFixture>;
