using System.Diagnostics;
using System.Globalization;
using Coordination.Redis.Tests.Redlock.Simulation;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>
/// Random schedules on simulated masters that run the very scripts that ship: late, lost and doubled messages, crashes with and without data, skewed clocks. A
/// failure names its seed; <c>COORDINATION_SCHEDULES</c> says how many to run, <c>COORDINATION_SCHEDULE</c> runs one.
/// </summary>
public sealed class ScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public void No_schedule_breaks_exclusion_capacity_or_the_order_of_tokens()
    {
        var seeds = Environment.GetEnvironmentVariable("COORDINATION_SCHEDULE") is { Length: > 0 } one
            ? [int.Parse(one, CultureInfo.InvariantCulture)]
            : Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("COORDINATION_SCHEDULES") ?? "300", CultureInfo.InvariantCulture)).ToArray();
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
        Assert.True(grants > seeds.Length * 10, $"Only {grants} grants: nothing was explored.");
    }
}
