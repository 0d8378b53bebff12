using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock;

public sealed class RedlockCoverage(ITestOutputHelper output)
{
    [Fact]
    public void What_is_not_run_on_three_masters_is_named_with_a_reason()
    {
        var lines = SuiteCoverage.AssertComplete(typeof(RedlockCoverage).Assembly, typeof(RedlockThreeFixture));
        Assert.All(lines, output.WriteLine);
        Assert.Equal(3, lines.Count);
    }

    [Fact]
    public void What_is_not_run_on_five_masters_is_named_with_a_reason()
    {
        var lines = SuiteCoverage.AssertComplete(typeof(RedlockCoverage).Assembly, typeof(RedlockFiveFixture));
        Assert.All(lines, output.WriteLine);
        Assert.Equal(3, lines.Count);
    }
}
