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
    public void Three_nodes_are_held_to_what_several_nodes_can_change()
    {
        Type[] chosen =
        [
            typeof(ExclusionSuite), typeof(LossSuite), typeof(CrashSuite), typeof(OrderSuite), typeof(HandOffSuite), typeof(OutageSuite), typeof(DetachContractSuite),
        ];
        var leftOut = SuiteCoverage.Suites.Except(chosen).ToDictionary(static suite => suite, static _ => "One node shows the same: see EtcdSuites.cs.");
        Assert.Equal(leftOut.Count, SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, typeof(EtcdClusterFixture), leftOut).Count);
    }
}
