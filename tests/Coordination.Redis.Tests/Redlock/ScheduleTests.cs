using System.Diagnostics;
using System.Globalization;
using Coordination.Redis.Tests.Redlock.Simulation;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>
/// Random schedules on simulated masters that run the very scripts that ship: late, lost and doubled messages, crashes with and without data, skewed clocks. A
/// failure names its seed; <c>COORDINATION_SCHEDULES</c> says which to run, such as <c>1-10000</c>.
/// </summary>
public sealed class ScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public void No_schedule_breaks_exclusion_capacity_or_the_order_of_tokens()
    {
        var range = (Environment.GetEnvironmentVariable("COORDINATION_SCHEDULES") ?? "1-100").Split('-').Select(static text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var seeds = Enumerable.Range(range[0], range[1] - range[0] + 1).ToArray();
        var began = Stopwatch.GetTimestamp();
        using var scripts = new ScriptInterpreter();
        var violations = new List<string>();
        var grants = 0L;
        foreach (var seed in seeds)
        {
            var (found, granted) = Schedule.Run(seed, scripts);
            violations.AddRange(found);
            grants += granted;
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{seeds.Length} schedules, {grants} grants, {violations.Count} violations, {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        Assert.Empty(violations);
        Assert.True(seeds.Length < 20 || grants > seeds.Length * 5, $"Only {grants} grants: nothing was explored.");
    }

    // Each of these bugs is one that a rule forbids; a test that does not find them proves nothing.
    [Theory]
    [InlineData("the token register is dropped", "rule 10")]
    [InlineData("an attempt's owner is used again", "rule 12")]
    [InlineData("a majority is added up over two renewals", "rule 13")]
    [InlineData("a master that lost its data is admitted at once", "rule 20")]
    [InlineData("scripts run on a master that is not admitted", "rule 20")]
    [InlineData("readers do not look at writers", "rule 18")]
    [InlineData("two may have one slot", "rule 19")]
    public void A_bug_is_found(string bug, string rule)
    {
        using var scripts = new ScriptInterpreter((name, text) => Bugs.Put(bug, name, text));
        for (var seed = 1; seed <= 400; seed++)
        {
            if (Schedule.Run(seed, scripts, (network, link) => Bugs.Wrap(bug, network, link), Bugs.TroubleFor(bug)) is { Violations: [var first, ..] })
            {
                output.WriteLine($"{rule}, {bug}: found by {first}");
                return;
            }
        }

        Assert.Fail($"No schedule found that {bug} ({rule}).");
    }
}
