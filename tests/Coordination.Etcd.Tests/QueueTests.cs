using Etcdserverpb;

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
}
