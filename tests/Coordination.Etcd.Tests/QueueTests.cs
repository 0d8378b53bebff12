using Etcdserverpb;
using Mvccpb;

namespace Coordination.Etcd.Tests;

/// <summary>The copy of a queue that a watch keeps.</summary>
public sealed class QueueTests
{
    [Fact]
    public void A_reading_of_an_earlier_watch_is_not_believed()
    {
        // What came between the two is in neither: a claim could be granted past one that it does not know of.
        var queue = new EtcdQueue("x", new EtcdKeys("p").QueueOf("x"));
        var changes = 0;
        _ = queue.AddObserver(() => changes++);
        var first = queue.Watched();
        queue.Unwatched(fault: null);
        var second = queue.Watched();
        queue.Read(first, new RangeResponse { Header = new ResponseHeader { Revision = 5 } });
        Assert.Equal(0, changes);
        queue.Read(second, new RangeResponse { Header = new ResponseHeader { Revision = 7 } });
        Assert.Equal(1, changes);
    }

    [Fact]
    public void An_observer_hears_of_a_front_that_is_again_what_it_was_when_nobody_observed()
    {
        var keys = new EtcdKeys("p");
        var queue = new EtcdQueue("x", keys.QueueOf("x"));
        Action first = () => { };
        _ = queue.AddObserver(first);
        queue.Read(queue.Watched(), new RangeResponse { Header = new ResponseHeader { Revision = 5 } });
        queue.RemoveObserver(first);
        var key = keys.Of("x", "7587-0").Claim;
        var value = new EtcdValue(ClaimMode.Exclusive, 1, "a", "").Encode();
        queue.Apply([new Event { Kv = new KeyValue { Key = key, Value = value, CreateRevision = 6, ModRevision = 6 } }]);
        var changes = 0;
        _ = queue.AddObserver(() => changes++);
        queue.Apply([new Event { Type = Event.Types.EventType.Delete, Kv = new KeyValue { Key = key, ModRevision = 7 } }]);
        Assert.Equal(1, changes);
    }
}
