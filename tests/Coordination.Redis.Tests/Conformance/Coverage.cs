using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

public sealed class Coverage(ITestOutputHelper output)
{
    [Fact]
    public void Redis_is_held_to_the_whole_specification() =>
        Assert.Empty(SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, typeof(RedisConformanceFixture)));

    [Fact]
    public void Redis_Cluster_is_held_to_the_whole_specification() =>
        Assert.Empty(SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, typeof(RedisClusterFixture)));

    [Fact]
    public void What_is_not_run_on_Garnet_is_named_with_a_reason()
    {
        var lines = SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, typeof(GarnetConformanceFixture), GarnetLimits.LeftOut);
        Assert.All(lines, output.WriteLine);
        Assert.Equal(GarnetLimits.LeftOut.Count + 6, lines.Count);
    }
}
