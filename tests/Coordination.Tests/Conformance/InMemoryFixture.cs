using Coordination.Conformance;

namespace Coordination.Tests.Conformance;

/// <summary>The in-memory backend on a fake clock. A server costs nothing, so each case has its own, and a clock with it.</summary>
public sealed class InMemoryFixture : BackendFixture
{
    public override string Name => "in-memory";

    public override bool OneServerPerCase => true;

    public override ValueTask<BackendServer> StartServerAsync() => new(new InMemoryServerUnderTest());
}
