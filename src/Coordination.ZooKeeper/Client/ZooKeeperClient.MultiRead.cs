namespace Coordination.ZooKeeper.Client;

/// <content>Many reads in one request.</content>
public sealed partial class ZooKeeperClient
{
    /// <summary>Reads many nodes with one request. Servers since 3.6.</summary>
    /// <param name="reads">What to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A result for each read, in their order. One round trip.</returns>
    /// <exception cref="ArgumentException">The paths are too long for one request.</exception>
    /// <exception cref="ZooKeeperException">The request failed as a whole.</exception>
    internal Task<ZooKeeperReadResult[]> MultiReadAsync(IReadOnlyList<ZooKeeperRead> reads, CancellationToken cancellationToken)
    {
        var count = reads.Count;
        var request = new ZooKeeperRequest<ZooKeeperReadResult[]>(
            ZooKeeperOpCode.MultiRead, null, (ref reader, _) => ZooKeeperRequests.ReadMultiRead(ref reader, count));
        foreach (var read in reads)
        {
            ZooKeeperOperation.WriteHeader(request.Frame, read.Type, isEnd: false);
            ZooKeeperRequests.WriteWatched(request.Frame, _session.Chroot.ToServer(read.Path), watch: false);
        }

        ZooKeeperOperation.WriteHeader(request.Frame, ZooKeeperOpCode.Error, isEnd: true);
        return Send(request, cancellationToken);
    }
}
