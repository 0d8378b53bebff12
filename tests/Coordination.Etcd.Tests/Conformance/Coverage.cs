using Coordination.Conformance;

namespace Coordination.Etcd.Tests.Conformance;

public sealed class Coverage(ITestOutputHelper output)
{
    [Fact]
    public void What_is_not_run_on_etcd_is_named_with_a_reason()
    {
        var lines = SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, typeof(EtcdConformanceFixture));
        Assert.All(lines, output.WriteLine);
        Assert.Equal(4, lines.Count);
    }

    [Fact]
    public void Three_nodes_are_held_to_all_that_one_node_is() =>
        Assert.Equal(4, SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, typeof(EtcdClusterFixture)).Count);
}
