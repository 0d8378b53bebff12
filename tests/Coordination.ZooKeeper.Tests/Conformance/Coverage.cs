using Coordination.Conformance;

namespace Coordination.ZooKeeper.Tests.Conformance;

public sealed class Coverage(ITestOutputHelper output)
{
    [Theory]
    [InlineData(typeof(ZooKeeperFixture))]
    [InlineData(typeof(EnsembleFixture))]
    public void What_is_not_run_on_ZooKeeper_is_named_with_a_reason(Type fixture)
    {
        var lines = SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, fixture);
        Assert.All(lines, output.WriteLine);
        Assert.Equal(4, lines.Count);
    }
}
