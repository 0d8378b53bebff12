using Coordination.Conformance;

namespace Coordination.Tests.Conformance;

/// <summary>The in-memory backend on a fake clock. A server costs nothing, so each case has its own, and a clock with it.</summary>
public sealed class InMemoryFixture : BackendFixture
{
    /// <summary>The collection of the suites on a fake clock: they run alone, because the clock waits until the process is idle.</summary>
    public const string Alone = "in-memory conformance";

    public override string Name => "in-memory";

    public override bool OneServerPerCase => true;

    public override ValueTask<BackendServer> StartServerAsync() => new(new InMemoryServerUnderTest());
}

[CollectionDefinition(InMemoryFixture.Alone, DisableParallelization = true)]
public sealed class InMemoryConformance;
