using Coordination.Conformance;

namespace Coordination.Tests.Conformance;

public sealed class InMemoryCoverage(ITestOutputHelper output)
{
    [Fact]
    public void The_in_memory_backend_is_held_to_the_whole_specification()
    {
        var notRun = SuiteCoverage.AssertComplete(typeof(InMemoryCoverage).Assembly, typeof(InMemoryFixture));
        Assert.All(notRun, line =>
        {
            output.WriteLine(line);
            Assert.Contains(nameof(InMemoryTokenContract), line, StringComparison.Ordinal);
        });
    }
}
