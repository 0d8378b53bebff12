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
        Type[] leftOut =
        [
            typeof(DisposalSuite), typeof(NothingHangsSuite), typeof(BadInputSuite), typeof(HandRenewedSuite), typeof(FaultContractSuite),
            typeof(GrantRuleSuite), typeof(NameContractSuite), typeof(TokenContractSuite), typeof(LeaderElectedServiceSuite),
        ];
        var reasons = leftOut.ToDictionary(static suite => suite, static _ => "Three masters show the same: see RedlockFiveSuites.cs.");
        var lines = SuiteCoverage.AssertComplete(typeof(RedlockCoverage).Assembly, typeof(RedlockFiveFixture), reasons);
        Assert.All(lines, output.WriteLine);
        Assert.Equal(leftOut.Length + 1, lines.Count);
    }
}
