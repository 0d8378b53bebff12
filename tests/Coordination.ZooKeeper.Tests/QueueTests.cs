using Coordination.Backends;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper.Tests;

/// <summary>The copy of a queue that a watch keeps.</summary>
public sealed class QueueTests
{
    private const string Path = "/coordination/x";

    private readonly ZooKeeperQueue _queue = new("x", Path);

    [Fact]
    public void A_listing_that_was_asked_for_before_a_break_is_not_believed()
    {
        // What came between the two is in neither: a claim could be granted past one that it does not know of.
        var changes = 0;
        _queue.AddObserver(() => changes++);
        var first = _queue.BeginReading();
        var second = _queue.BeginReading();
        _queue.Read(first, []);
        Assert.Equal(0, changes);
        Assert.False(_queue.IsRead);
        _queue.Read(second, []);
        Assert.Equal(1, changes);
        Assert.True(_queue.IsRead);
    }

    [Fact]
    public void Events_that_come_before_the_listing_are_put_on_top_of_it_whether_it_shows_them_or_not()
    {
        var reading = _queue.BeginReading();
        Tell(ZooKeeperEventType.Created, Node(1));
        Tell(ZooKeeperEventType.Created, Node(2));
        Tell(ZooKeeperEventType.Deleted, Node(1));
        _queue.Read(reading, [Node(0), Node(1), Node(2)]);

        // 0 is ahead still, 1 is gone.
        Assert.Equal(ClaimOutcome.Waiting, Enter(2));
        Tell(ZooKeeperEventType.Deleted, Node(0));
        Assert.Equal(ClaimOutcome.Granted, Enter(2));
    }

    [Fact]
    public void Events_are_kept_only_while_a_listing_is_under_way()
    {
        Tell(ZooKeeperEventType.Created, Node(1));
        Assert.Equal(0, _queue.Early);
        var reading = _queue.BeginReading();
        Tell(ZooKeeperEventType.Created, Node(2));
        Assert.Equal(1, _queue.Early);

        // It failed, and the watch goes on.
        _queue.GiveUp(reading);
        Tell(ZooKeeperEventType.Created, Node(3));
        Assert.Equal(0, _queue.Early);
        _queue.Read(reading, []);
        Assert.False(_queue.IsRead);

        // The end of an older one is none of the next one's.
        var next = _queue.BeginReading();
        Tell(ZooKeeperEventType.Created, Node(4));
        _queue.GiveUp(reading);
        Assert.Equal(1, _queue.Early);
        _queue.Read(next, []);
        _queue.GiveUp(next);
        Assert.True(_queue.IsRead);
        Assert.Equal(ClaimOutcome.Granted, Enter(4));

        _queue.Forget();
        Tell(ZooKeeperEventType.Deleted, Node(4));
        Assert.Equal(0, _queue.Early);
    }

    [Fact]
    public void Nothing_is_said_of_a_claim_while_the_copy_is_not_complete_nor_of_one_that_is_not_in_it()
    {
        Assert.Null(Enter(1));
        _queue.Read(_queue.BeginReading(), [Node(1)]);
        Assert.Equal(ClaimOutcome.Granted, Enter(1));
        Assert.Null(Enter(2));
        _queue.Forget();
        Assert.Null(Enter(1));
    }

    [Fact]
    public void Nothing_is_said_once_nobody_keeps_the_copy_any_more()
    {
        // Its watch is gone: whoever still has it would look in vain for a claim that is there.
        var reading = _queue.BeginReading();
        _queue.Read(reading, [Node(1)]);
        _queue.End();
        Assert.False(_queue.IsRead);
        Assert.Null(Enter(1));
        _queue.Read(_queue.BeginReading(), [Node(1)]);
        Assert.Null(Enter(1));
    }

    [Fact]
    public void What_is_below_a_claim_or_another_node_is_no_claim()
    {
        _queue.Read(_queue.BeginReading(), [Node(1)]);
        Tell(ZooKeeperEventType.Created, "notes/page-0000000000");
        Assert.Equal(ClaimOutcome.Granted, Enter(1));
    }

    [Fact]
    public void The_end_of_a_waiter_ahead_grants_nobody()
    {
        _queue.Read(_queue.BeginReading(), [Node(0), Node(1), Node(2)]);
        Tell(ZooKeeperEventType.Deleted, Node(1));
        Assert.Equal(ClaimOutcome.Waiting, Enter(2));
    }

    [Fact]
    public void An_observer_hears_of_holders_and_their_values_and_not_of_waiters()
    {
        var changes = 0;
        _queue.AddObserver(() => changes++);
        _queue.Read(_queue.BeginReading(), []);
        Assert.Equal(1, changes);
        Tell(ZooKeeperEventType.Created, "");
        Tell(ZooKeeperEventType.Created, Node(0));
        Assert.Equal(2, changes);
        Tell(ZooKeeperEventType.Created, Node(1));
        Tell(ZooKeeperEventType.DataChanged, Node(1));
        Assert.Equal(2, changes);
        Tell(ZooKeeperEventType.DataChanged, Node(0));
        Assert.Equal(3, changes);
        Tell(ZooKeeperEventType.Deleted, Node(0));
        Assert.Equal(4, changes);
    }

    [Fact]
    public void An_observer_hears_of_a_front_that_is_again_what_it_was_when_nobody_observed()
    {
        Action first = () => { };
        _queue.AddObserver(first);
        _queue.Read(_queue.BeginReading(), []);
        _queue.RemoveObserver(first);
        Tell(ZooKeeperEventType.Created, Node(0));
        var changes = 0;
        _queue.AddObserver(() => changes++);
        Tell(ZooKeeperEventType.Deleted, Node(0));
        Assert.Equal(1, changes);
    }

    private static string Id(int number) => $"a3c1f0d2b4e596877869{number:00}";

    private static string Node(int number) => ZooKeeperClaimName.Prefix(ClaimMode.Exclusive, 1, Id(number)) + $"{number:0000000000}";

    private void Tell(ZooKeeperEventType type, string node) => _queue.Take(new ZooKeeperEvent(type, node.Length == 0 ? Path : $"{Path}/{node}"));

    private ClaimOutcome? Enter(int number) => _queue.Enter(new ZooKeeperWaiter(null!, Id(number), Node(number), number, czxid: 1), mayWait: false);
}
