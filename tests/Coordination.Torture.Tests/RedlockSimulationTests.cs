using Coordination.Redis.Tests.Redlock.Simulation;
using Coordination.Torture.Checking;
using Coordination.Torture.Recording;
using SimulatedHistory = Coordination.Redis.Tests.Redlock.Simulation.History;

namespace Coordination.Torture.Tests;

/// <summary>Redlock's quorum over a simulated network, with the scripts that ship, under the checker of all the others.</summary>
public sealed class RedlockSimulationTests(ITestOutputHelper output)
{
    private static readonly Promises Promises = Story.Promises with { IsFair = false, OrdersReaders = false, InspectsExactly = false };

    [Fact]
    public void No_schedule_breaks_a_promise()
    {
        using var scripts = new ScriptInterpreter();
        var leases = 0;
        for (var seed = 1; seed <= 60; seed++)
        {
            Schedule.Run(seed, scripts, seen: seen =>
            {
                leases += seen.Stays.Count;
                Assert.Empty(Check(seen));
            });
        }

        Assert.True(leases > 300, $"Only {leases} leases: nothing was tried.");
    }

    [Theory]
    [InlineData("a master re-admitted too early", "a master that lost its data is admitted at once")]
    [InlineData("a dropped token register", "the token register is dropped")]
    [InlineData("an owner id reused", "an attempt's owner is used again")]
    public void A_seeded_bug_is_caught(string name, string bug)
    {
        using var scripts = new ScriptInterpreter((script, text) => Bugs.Put(bug, script, text));
        for (var seed = 1; seed <= 400; seed++)
        {
            IReadOnlyList<Violation> violations = [];
            Schedule.Run(seed, scripts, trouble: Bugs.TroubleFor(bug), seen: seen => violations = Check(seen));
            if (violations is [var first, ..])
            {
                output.WriteLine($"{name}: seed {seed}, {first}");
                return;
            }
        }

        Assert.Fail($"No schedule found {name}.");
    }

    private static IReadOnlyList<Violation> Check(SimulatedHistory seen)
    {
        var events = new List<Event>();
        for (var number = 0; number < seen.Stays.Count; number++)
        {
            var stay = seen.Stays[number];
            var call = $"{stay.Who}/{number}";
            var until = stay.Until ?? TimeSpan.MaxValue;
            events.Add(new CallStarted(stay.From, call, stay.Who, Operation.Acquire, stay.Resource, stay.Mode, stay.Limit, null));
            events.Add(new CallEnded(stay.From, call, Outcome.Granted));
            events.Add(new HoldBegan(stay.From, call, stay.Mode == ClaimMode.Counted || stay.IsAttached ? null : stay.Token, null, until));
            events.Add(new HoldEnded(until, call, HoldEnd.Released));
        }

        return Checker.Check(new Recording.History(events), Promises);
    }
}
