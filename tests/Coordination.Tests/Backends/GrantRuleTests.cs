using Coordination.Backends;

namespace Coordination.Tests.Backends;

/// <summary>The rule of grants: each row is a queue from its head, and how many of it are granted.</summary>
public sealed class GrantRuleTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("X", 1)]
    [InlineData("X X", 1)]
    [InlineData("S", 1)]
    [InlineData("S S S", 3)]
    [InlineData("S X S", 1)] // a reader does not pass a waiting writer
    [InlineData("X S S", 1)]
    [InlineData("S S X S", 2)]
    [InlineData("C1", 1)]
    [InlineData("C1 C1", 1)]
    [InlineData("C2 C2 C2", 2)]
    [InlineData("C3 C3 C3 C3", 3)]
    [InlineData("S C3", 1)]
    [InlineData("C3 S", 1)]
    public void Grants_the_front_of_the_queue(string queue, int granted) => Assert.Equal(granted, Granted(queue));

    [Theory]
    [InlineData("C1 C3", 1)] // by its own limit alone the second would be granted beside a holder that allows none
    [InlineData("C3 C1", 1)] // and so would the first's guest be, whose limit is 1
    [InlineData("C3 C2 C3", 2)] // the smallest so far binds those behind it, too
    [InlineData("C2 C3 C3", 2)]
    [InlineData("X C3", 1)] // "fewer conflicting claims than the limit" would grant both
    [InlineData("C3 X", 1)]
    public void The_counter_examples_to_simpler_rules(string queue, int granted) => Assert.Equal(granted, Granted(queue));

    [Fact]
    public void A_refused_limit_does_not_bind_those_that_are_granted()
    {
        var rule = new GrantRule();
        Assert.True(rule.TryGrant(ClaimMode.Counted, 3));
        Assert.True(rule.TryGrant(ClaimMode.Counted, 3));
        Assert.False(rule.TryGrant(ClaimMode.Counted, 1));
        Assert.Equal(2, rule.Count);
    }

    private static int Granted(string queue)
    {
        var rule = new GrantRule();
        foreach (var claim in queue.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (mode, limit) = claim[0] switch
            {
                'X' => (ClaimMode.Exclusive, 1),
                'S' => (ClaimMode.Shared, 1),
                _ => (ClaimMode.Counted, claim[1] - '0'),
            };
            if (!rule.TryGrant(mode, limit))
            {
                break;
            }
        }

        return rule.Count;
    }
}
