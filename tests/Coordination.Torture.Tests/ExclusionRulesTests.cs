using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Tests;

/// <summary>Who may believe to hold beside whom.</summary>
public sealed class ExclusionRulesTests
{
    [Fact]
    public void One_after_the_other() => new Story().Lease("c1/0/1", 0, 10, 20, 1).Lease("c2/0/1", 5, 20, 30, 2).Keeps();

    [Fact]
    public void Two_at_once() => new Story().Lease("c1/0/1", 0, 10, 21, 1).Lease("c2/0/1", 5, 20, 30, 2).Breaks(Rule.Exclusion);

    [Fact]
    public void A_third_inside_of_the_first_after_the_second_has_left() =>
        Assert.Equal(2, new Story().Lease("c1/0/1", 0, 10, 50, 1).Lease("c2/0/1", 5, 20, 30, 2).Lease("c3/0/1", 5, 40, 45, 3).Check().Count);

    [Fact]
    public void A_promise_counts_as_long_as_nobody_takes_it_back() =>
        new Story().Promised("c1/0/1", 10, 100).Lease("c2/0/1", 5, 99, 120, null).Breaks(Rule.Exclusion);

    [Fact]
    public void The_dead_believe_nothing() =>
        new Story().Promised("c1/0/1", 10, 100).And(new ClientDied(Story.Ms(50), "c1")).Lease("c2/0/1", 5, 60, 120, null).Keeps();

    [Fact]
    public void A_loss_that_was_told_ends_the_promise() =>
        new Story().Promised("c1/0/1", 10, 100).And(new HoldEnded(Story.Ms(50), "c1/0/1", HoldEnd.Lost)).Lease("c2/0/1", 5, 60, 120, null).Keeps();

    [Fact]
    public void A_renewal_makes_the_promise_longer() =>
        new Story().Promised("c1/0/1", 10, 100).And(new HoldSeen(Story.Ms(90), "c1/0/1", Story.Ms(200))).Lease("c2/0/1", 5, 150, 160, null).Breaks(Rule.Exclusion);

    [Fact]
    public void What_was_ended_by_force_is_excused_and_nothing_else()
    {
        Story Told(string client) => new Story()
            .Promised("c1/0/1", 10, 100)
            .And(new FaultInjected(Story.Ms(50), Story.Ms(51), "flush", "server", VoidsClient: client))
            .Lease("c2/0/1", 5, 60, 120, null);

        Told("c1").Keeps();
        Told("*").Keeps();
        Told("c3").Breaks(Rule.Exclusion);
    }

    [Fact]
    public void Leaders() => new Story().Lease("c1/0/1", 0, 10, 21, 1, "election/a").Lease("c2/0/1", 5, 20, 30, 2, "election/a").Breaks(Rule.OneLeader);

    [Fact]
    public void Readers_together() =>
        new Story().Lease("c1/0/1", 0, 10, 30, 1, mode: ClaimMode.Shared).Lease("c2/0/1", 5, 20, 40, 2, mode: ClaimMode.Shared).Keeps();

    [Theory]
    [InlineData(ClaimMode.Shared, ClaimMode.Exclusive)]
    [InlineData(ClaimMode.Exclusive, ClaimMode.Shared)]
    public void A_reader_and_a_writer(ClaimMode first, ClaimMode second) =>
        new Story().Lease("c1/0/1", 0, 10, 30, 1, mode: first).Lease("c2/0/1", 5, 20, 40, 2, mode: second).Breaks(Rule.ReadersAndWriters);

    [Theory]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public void Permits(int limit, bool isRight)
    {
        var story = new Story();
        for (var number = 1; number <= 3; number++)
        {
            story.Lease($"c{number}/0/1", 0, 10 + number, 30, mode: ClaimMode.Counted, limit: limit);
        }

        if (isRight)
        {
            story.Keeps();
        }
        else
        {
            story.Breaks(Rule.Capacity);
        }
    }

    [Fact]
    public void A_lease_that_was_handed_over_is_one() => new Story()
        .Lease("c1/0/1", 0, 10, 22, 7, claim: "same", how: HoldEnd.Detached)
        .And(new CallStarted(Story.Ms(15), "c2/0/1", "c2", Operation.Attach, "lock/a", ClaimMode.Exclusive, 1, null))
        .And(new CallEnded(Story.Ms(20), "c2/0/1", Outcome.Granted))
        .And(new HoldBegan(Story.Ms(20), "c2/0/1", 7, "same", Story.Ms(40)))
        .Keeps();
}
