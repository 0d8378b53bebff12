using Coordination.Conformance;

namespace Coordination.Redis.Tests.Conformance;

public sealed class Coverage(ITestOutputHelper output)
{
    [Theory]
    [InlineData(typeof(RedisConformanceFixture), 0)]
    [InlineData(typeof(GarnetConformanceFixture), 4)]
    public void Every_suite_is_inherited_and_what_is_not_run_is_named(Type fixture, int notRun)
    {
        var lines = SuiteCoverage.AssertComplete(typeof(Coverage).Assembly, fixture);
        Assert.All(lines, output.WriteLine);
        Assert.Equal(notRun, lines.Count);
    }
}
