using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Tests;

/// <summary>Losses, order, budgets, and what is left at the end.</summary>
public sealed class LossAndEndRulesTests
{
    [Fact]
    public void The_server_has_another_while_one_believes() =>
        new Story().Lease("c1/0/1", 0, 10, 50, 1).Call("c2/0/1", 5, null).Queue(30, ["c2/0/1"], []).Breaks(Rule.LossBeforeGiveAway);

    [Fact]
    public void The_server_has_nobody_while_one_believes() => new Story().Lease("c1/0/1", 0, 10, 50, 1).Queue(30, [], []).Breaks(Rule.LossBeforeGiveAway);

    [Theory]
    [InlineData(9)] // before it was told of its grant
    [InlineData(49.5)] // it was released in between
    [InlineData(60)]
    public void An_inspection_that_was_not_throughout_says_nothing(double at) => new Story().Lease("c1/0/1", 0, 10, 50, 1).Queue(at, [], []).Keeps();

    [Fact]
    public void A_lease_that_was_handed_out_after_such_a_fault_is_not_excused_though_it_had_waited() =>
        new Story().And(new FaultInjected(Story.Ms(2), Story.Ms(8), "leader stopped", "member 1", VoidsClient: "*", VoidsFrom: Story.Ms(5)))
            .Lease("c1/0/1", 0, 10, 50, 1).Queue(30, [], []).Breaks(Rule.LossBeforeGiveAway);

    [Theory]
    [InlineData(29, true)] // ended, and not told yet
    [InlineData(33, false)] // ended after the question was answered
    public void A_fault_may_end_leases_only_since_a_moment_in_it(double since, bool isExcused)
    {
        var told = new Story().Lease("c1/0/1", 0, 10, 50, 1)
            .And(new FaultInjected(Story.Ms(20), Story.Ms(40), "leader stopped", "member 1", VoidsClient: "*", VoidsFrom: Story.Ms(since))).Queue(30, [], []);
        if (isExcused)
        {
            told.Keeps();
        }
        else
        {
            told.Breaks(Rule.LossBeforeGiveAway);
        }
    }

    [Theory]
    [InlineData(5, 20, false)] // it was over before the question
    [InlineData(5, 30, true)]
    [InlineData(31, 40, true)] // before the answer
    [InlineData(32, 40, false)]
    public void A_store_that_may_show_what_was_says_nothing(double from, double until, bool isExcused)
    {
        Story Told(bool showsOld) => new Story().Lease("c1/0/1", 0, 10, 50, 1).And(new FaultInjected(Story.Ms(from), Story.Ms(until), "leader stopped", "member 1", ShowsOld: showsOld)).Queue(30, [], []);
        Told(showsOld: false).Breaks(Rule.LossBeforeGiveAway);
        if (isExcused)
        {
            Told(showsOld: true).Keeps();
        }
        else
        {
            Told(showsOld: true).Breaks(Rule.LossBeforeGiveAway);
        }
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(25, false)]
    public void One_behind_is_granted_where_the_client_of_the_one_ahead_has_died(double died, bool isRight)
    {
        var story = new Story().Call("c1/0/1", 0, null).And(new ClientDied(Story.Ms(died), "c1")).Call("c2/0/1", 0, null).Queue(10, [], ["c1/0/1", "c2/0/1"]).Queue(20, ["c2/0/1"], ["c1/0/1"]);
        if (isRight)
        {
            story.Keeps();
        }
        else
        {
            story.Breaks(Rule.Order);
        }
    }

    [Fact]
    public void A_claim_that_was_deleted_is_told_within_its_duration()
    {
        Story Told(double seen) => new Story()
            .Promised("c1/0/1", 10, 3000)
            .And(new FaultInjected(Story.Ms(50), Story.Ms(50), "removed", "lock/a", VoidsClaim: "id-c1/0/1"))
            .And(new HoldSeen(Story.Ms(seen), "c1/0/1", Story.Ms(3000)));

        Told(1000).Keeps();
        Told(1100).Breaks(Rule.LossIsTold);
    }

    [Fact]
    public void One_behind_is_granted_first()
    {
        Story Told() => new Story().Call("c1/0/1", 0, null).Call("c2/0/1", 0, null).Queue(10, [], ["c1/0/1", "c2/0/1"]);
        Told().Queue(20, ["c2/0/1"], ["c1/0/1"]).Breaks(Rule.Order);
        Told().Queue(20, ["c2/0/1"], ["c1/0/1"]).Keeps(Story.Promises with { IsFair = false });
        Told().Queue(20, ["c1/0/1"], ["c2/0/1"]).Keeps();
        Told().Queue(20, ["c2/0/1"], []).Keeps(); // the one ahead has left
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(25, false)]
    public void One_behind_is_granted_where_the_one_ahead_has_given_up(double end, bool isRight)
    {
        var story = new Story().Call("c1/0/1", 0, end, Outcome.Failed).Call("c2/0/1", 0, null).Queue(10, [], ["c1/0/1", "c2/0/1"]).Queue(20, ["c2/0/1"], ["c1/0/1"]);
        if (isRight)
        {
            story.Keeps();
        }
        else
        {
            story.Breaks(Rule.Order);
        }
    }

    [Fact]
    public void One_behind_was_granted_between_two_looks() => new Story()
        .Call("c1/0/1", 0, null)
        .Queue(10, [], ["c1/0/1", "c2/0/1"])
        .Lease("c2/0/1", 0, 12, 15, 1)
        .Queue(20, [], ["c1/0/1"])
        .Breaks(Rule.Order);

    [Theory]
    [InlineData(115, null, false)]
    [InlineData(105, null, true)] // within the slack
    [InlineData(115, "c1", true)] // it was stopped meanwhile
    [InlineData(115, "c2", false)] // another was
    public void A_call_that_takes_longer_than_its_budget(double end, string? stopped, bool isRight)
    {
        var story = new Story()
            .Call("c1/0/1", 0, end, Outcome.NotGranted, budget: 100)
            .And(new FaultInjected(Story.Ms(20), Story.Ms(40), "stop", "c", Stops: stopped));
        if (isRight)
        {
            story.Keeps();
        }
        else
        {
            story.Breaks(Rule.Budget);
        }
    }

    [Fact]
    public void A_call_without_an_end()
    {
        new Story().Call("c1/0/1", 0, null, budget: 100).Queue(500, [], []).Breaks(Rule.Budget);
        new Story().Call("c1/0/1", 0, null, budget: 100).And(new ClientDied(Story.Ms(50), "c1")).Queue(500, [], []).Keeps(); // nobody knows
    }

    [Fact]
    public void A_caller_that_gave_up_and_is_not_let_go() =>
        new Story().Call("c1/0/1", 0, 50, Outcome.Cancelled).And(new CallCancelled(Story.Ms(20), "c1/0/1")).Breaks(Rule.Budget);

    [Fact]
    public void A_waiter_that_is_forgotten()
    {
        new Story().And(new QuietBegan(Story.Ms(100))).Call("c1/0/1", 0, null).Queue(3000, [], []).Breaks(Rule.ClaimLostForEver);
        new Story().And(new QuietBegan(Story.Ms(100))).Call("c1/0/1", 0, 2000).Queue(3000, [], []).Keeps();
    }

    [Fact]
    public void Something_is_left()
    {
        new Story().Call("c1/0/1", 0, 10, Outcome.Cancelled).Queue(3000, ["c1/0/1"], [], isFinal: true).Breaks(Rule.NothingLeftBehind);
        new Story().Call("c1/0/1", 0, 10, Outcome.Cancelled).Queue(3000, [], ["c1/0/1"], isFinal: true).Breaks(Rule.NothingLeftBehind);
        new Story().Call("c1/0/1", 0, 10, Outcome.Cancelled).Queue(3000, [], ["c1/0/1"]).Keeps();
    }

    [Fact]
    public void An_error_that_is_none_of_the_librarys() =>
        new Story().Call("c1/0/1", 0, 10, Outcome.Unexpected, error: "NullReferenceException").Breaks(Rule.UnexpectedError);
}
