using Coordination.Torture.Checking;
using Coordination.Torture.Recording;

namespace Coordination.Torture.Tests;

/// <summary>Tokens in the order of grants, and at the store.</summary>
public sealed class TokenRulesTests
{
    [Fact]
    public void A_smaller_token_after_a_greater() => new Story().Lease("c1/0/1", 0, 10, 20, 5).Lease("c2/0/1", 30, 40, 50, 4).Breaks(Rule.TokenOrder);

    [Fact]
    public void A_smaller_token_of_one_who_asked_early_and_was_granted_late() =>
        new Story().Lease("c1/0/1", 5, 10, 20, 5).Lease("c2/0/1", 0, 30, 50, 4).Breaks(Rule.TokenOrder);

    [Fact]
    public void The_same_token_twice() => new Story().Lease("c1/0/1", 0, 10, 20, 5).Lease("c2/0/1", 5, 30, 50, 5).Breaks(Rule.TokenOrder);

    [Fact]
    public void Readers_at_once_may_hear_in_any_order() =>
        new Story().Lease("c1/0/1", 0, 10, 20, 5, mode: ClaimMode.Shared).Lease("c2/0/1", 5, 15, 50, 4, mode: ClaimMode.Shared).Keeps();

    [Fact]
    public void Readers_one_after_the_other_are_in_order_where_that_is_promised()
    {
        var story = new Story().Lease("c1/0/1", 0, 10, 20, 5, mode: ClaimMode.Shared).Lease("c2/0/1", 15, 18, 50, 4, mode: ClaimMode.Shared);
        story.Breaks(Rule.TokenOrder);
        story.Keeps(Story.Promises with { OrdersReaders = false });
    }

    [Fact]
    public void A_writer_exceeds_the_readers_before_it_everywhere() =>
        new Story().Lease("c1/0/1", 0, 10, 20, 5, mode: ClaimMode.Shared).Lease("c2/0/1", 15, 30, 50, 4).Breaks(Rule.TokenOrder, Story.Promises with { OrdersReaders = false });

    [Fact]
    public void Force_does_not_excuse_tokens() => new Story()
        .Lease("c1/0/1", 0, 10, 60, 5)
        .And(new FaultInjected(Story.Ms(20), Story.Ms(21), "flush", "server", VoidsClient: "*"))
        .Lease("c2/0/1", 30, 40, 50, 4)
        .Breaks(Rule.TokenOrder);

    [Fact]
    public void Nor_those_of_leases_that_were_handed_out_before_it() => new Story()
        .Lease("c1/0/1", 0, 10, 15, 5)
        .Lease("c2/0/1", 5, 16, 60, 4)
        .And(new FaultInjected(Story.Ms(20), Story.Ms(21), "flush", "server", VoidsClient: "*"))
        .Breaks(Rule.TokenOrder);

    [Fact]
    public void The_store_refuses_a_live_holder()
    {
        Story Told(double at) => new Story()
            .Lease("c1/0/1", 0, 10, 20, 5)
            .And(new RegisterWritten(Story.Ms(at), "lock/a", "c1/0/1", 5, 6, IsAccepted: false));

        Told(15).Breaks(Rule.StoreOrder);
        Told(25).Keeps(); // it is what the store is for
    }

    [Fact]
    public void The_store_takes_a_smaller_token() =>
        new Story().Lease("c1/0/1", 0, 10, 20, 5).And(new RegisterWritten(Story.Ms(15), "lock/a", "c1/0/1", 5, 6, IsAccepted: true)).Breaks(Rule.StoreOrder);
}
