using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

/// <summary>What cannot be asked of Garnet as it is run here, and why.</summary>
internal static class GarnetLimits
{
    internal const string NoFakeClock = "Garnet runs on .NET's clock, which cannot be faked from outside.";
    internal const string NoPersistence = "Garnet is run in memory: a restart loses the data.";

    internal const string NoCounters = "Garnet does not count commands (INFO commandstats).";

    internal static readonly IReadOnlyDictionary<Type, string> LeftOut = new Dictionary<Type, string>
    {
        [typeof(RenewalScalesSuite)] = NoCounters,
        [typeof(OutageSuite)] = NoPersistence,
        [typeof(LeaderElectedServiceSuite)] = "What it needs of a server, the other suites ask of Garnet.",
    };
}

public sealed class GarnetAcquisition(GarnetConformanceFixture fixture) : AcquisitionSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetElection(GarnetConformanceFixture fixture) : ElectionSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetExclusion(GarnetConformanceFixture fixture) : ExclusionSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetFencing(GarnetConformanceFixture fixture) : FencingSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetOrder(GarnetConformanceFixture fixture) : OrderSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetRelease(GarnetConformanceFixture fixture) : ReleaseSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetHandRenewed(GarnetConformanceFixture fixture) : HandRenewedSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetClaimContract(GarnetConformanceFixture fixture) : ClaimContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetDetachContract(GarnetConformanceFixture fixture) : DetachContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetFaultContract(GarnetConformanceFixture fixture) : FaultContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetGrantRule(GarnetConformanceFixture fixture) : GrantRuleSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetHintContract(GarnetConformanceFixture fixture) : HintContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetNameContract(GarnetConformanceFixture fixture) : NameContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetSessionContract(GarnetConformanceFixture fixture) : SessionContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

[Unsupported(nameof(Tokens_grow_although_the_servers_clock_steps_back), GarnetLimits.NoFakeClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_does_not_keep_the_dead_alive), GarnetLimits.NoFakeClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_takes_nothing_from_those_that_renew), GarnetLimits.NoFakeClock)]
[Unsupported(nameof(Tokens_grow_over_a_restart_that_keeps_the_data), GarnetLimits.NoPersistence)]
public sealed class GarnetTokenContract(GarnetConformanceFixture fixture) : TokenContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetValueContract(GarnetConformanceFixture fixture) : ValueContractSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetDisposal(GarnetConformanceFixture fixture) : DisposalSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetExclusionOfProcesses(GarnetConformanceFixture fixture) : ExclusionOfProcessesSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetLoss(GarnetConformanceFixture fixture) : LossSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetNothingLeftBehind(GarnetConformanceFixture fixture) : NothingLeftBehindSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetExactlyOneClaim(GarnetConformanceFixture fixture) : ExactlyOneClaimSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetCrash(GarnetConformanceFixture fixture) : CrashSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetNothingHangs(GarnetConformanceFixture fixture) : NothingHangsSuite(fixture), IClassFixture<GarnetConformanceFixture>;

public sealed class GarnetBadInput(GarnetConformanceFixture fixture) : BadInputSuite(fixture), IClassFixture<GarnetConformanceFixture>;

[Unsupported(nameof(Waiters_ask_no_more_often_than_they_renew), GarnetLimits.NoCounters)]
[Unsupported(nameof(An_acquisition_costs_the_same_with_1_waiter_and_with_256), GarnetLimits.NoCounters)]
public sealed class GarnetHandOff(GarnetConformanceFixture fixture) : HandOffSuite(fixture), IClassFixture<GarnetConformanceFixture>;
