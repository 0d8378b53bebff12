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
}
