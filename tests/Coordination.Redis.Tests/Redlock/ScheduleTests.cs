using System.Diagnostics;
using System.Globalization;
using Coordination.Redis.Tests.Redlock.Simulation;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>
/// Random schedules on simulated masters that run the very scripts that ship: late, lost and doubled messages, crashes with and without data, skewed clocks. A
/// failure names its seed; <c>COORDINATION_SCHEDULES</c> says which to run, such as <c>1-10000</c>.
/// </summary>
[Collection(MuchWork.OneByOne)]
public sealed class ScheduleTests(ITestOutputHelper output)
{
    [Fact]
    public Task No_schedule_breaks_exclusion_capacity_or_the_order_of_tokens() => OnItsOwnThreadAsync(() =>
    {
        var range = (Environment.GetEnvironmentVariable("COORDINATION_SCHEDULES") ?? "1-1000").Split('-').Select(static text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var seeds = Enumerable.Range(range[0], range[1] - range[0] + 1).ToArray();
        var began = Stopwatch.GetTimestamp();
        using var scripts = new ScriptInterpreter();
        var violations = new List<string>();
        var grants = 0L;
        var attached = 0L;
        foreach (var seed in seeds)
        {
            var history = Schedule.Run(seed, scripts);
            violations.AddRange(Of(seed, history));
            grants += history.Grants;
            attached += history.Attached;
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{seeds.Length} schedules, {grants} grants, {attached} leases taken over, {violations.Count} violations, {scripts.Calls} scripts run, {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        Assert.Empty(violations);
        Assert.True(seeds.Length < 20 || grants > seeds.Length * 2, $"Only {grants} grants: nothing was explored.");
        Assert.True(seeds.Length < 20 || attached > seeds.Length / 20, $"Only {attached} leases were taken over: nothing was explored.");
    });

    // A step forward ends leases early, as the documentation says; tokens rest on no clock.
    [Fact]
    public Task Clocks_that_are_set_forward_do_not_break_the_order_of_tokens() => OnItsOwnThreadAsync(() =>
    {
        using var scripts = new ScriptInterpreter();
        var (disorder, early, grants) = (new List<string>(), 0, 0);
        for (var seed = 1; seed <= 60; seed++)
        {
            var history = Schedule.Run(seed, scripts, scope: Scope.Long, trouble: static (network, masters) =>
            {
                foreach (var master in masters)
                {
                    for (var i = network.Random.Next(3); i > 0; i--)
                    {
                        // Hours drop registers, too.
                        var step = TimeSpan.FromMilliseconds(network.Random.Next(4) == 0 ? network.Random.Next(10_000_000) : network.Random.Next(2000));
                        network.After(TimeSpan.FromMilliseconds(400 + network.Random.Next(1200)), () => master.StepClock(step));
                    }
                }
            });
            disorder.AddRange(Of(seed, history).Where(static violation => !violation.Contains(" beside ", StringComparison.Ordinal)));
            early += history.Violations.Count(static violation => violation.Contains(" beside ", StringComparison.Ordinal));
            grants += history.Grants;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{grants} grants, of which {early} beside a lease that had ended early at the masters"));
        Assert.Empty(disorder);
        Assert.True(early > 0, "No step ended a lease early: they were too small to show anything.");
    });

    // Each of these bugs is one that a rule forbids; a test that does not find them proves nothing.
    [Theory]
    [InlineData("the token register is dropped", "rule 10")]
    [InlineData("an attempt's owner is used again", "rule 12")]
    [InlineData("a majority is added up over two renewals", "rule 13")]
    [InlineData("a master that lost its data is admitted at once", "rule 20")]
    [InlineData("scripts run on a master that is not admitted", "rule 20")]
    [InlineData("readers do not look at writers", "rule 18")]
    [InlineData("two may have one slot", "rule 19")]
    public Task A_bug_is_found(string bug, string rule) => OnItsOwnThreadAsync(() =>
    {
        using var scripts = Bugs.ScriptsWith(bug);
        for (var seed = 1; seed <= 3000; seed++)
        {
            if (Bugs.Run(seed, scripts, bug) is { Violations: [var first, ..] })
            {
                output.WriteLine($"{rule}, {bug}: found by seed {seed}, {first}");
                return;
            }
        }

        Assert.Fail($"No schedule found that {bug} ({rule}).");
    });

    private static IEnumerable<string> Of(int seed, History history) => history.Violations.Select(violation => $"seed {seed}, {violation}");

    // They compute for half a minute, and others need the pool.
    private static Task OnItsOwnThreadAsync(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
