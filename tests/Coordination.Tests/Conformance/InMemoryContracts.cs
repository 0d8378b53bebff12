using Coordination.Conformance;

namespace Coordination.Tests.Conformance;

/// <summary>The contract of the SPI, on the in-memory backend.</summary>
internal static class InMemoryContracts
{
    internal const string NoWallClock = "The in-memory server keeps time by a monotonic clock alone: there is none to step.";
}

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryClaimContract(InMemoryFixture fixture) : ClaimContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryDetachContract(InMemoryFixture fixture) : DetachContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryFaultContract(InMemoryFixture fixture) : FaultContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryGrantRule(InMemoryFixture fixture) : GrantRuleSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryHintContract(InMemoryFixture fixture) : HintContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryNameContract(InMemoryFixture fixture) : NameContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemorySessionContract(InMemoryFixture fixture) : SessionContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Unsupported(nameof(Tokens_grow_although_the_servers_clock_steps_back), InMemoryContracts.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_does_not_keep_the_dead_alive), InMemoryContracts.NoWallClock)]
[Unsupported(nameof(A_server_clock_that_steps_back_takes_nothing_from_those_that_renew), InMemoryContracts.NoWallClock)]
[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryTokenContract(InMemoryFixture fixture) : TokenContractSuite(fixture), IClassFixture<InMemoryFixture>;

[Collection(InMemoryFixture.Alone)]
public sealed class InMemoryValueContract(InMemoryFixture fixture) : ValueContractSuite(fixture), IClassFixture<InMemoryFixture>;
