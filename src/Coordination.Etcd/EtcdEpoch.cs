using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Etcd;

/// <summary>The key of a session's epoch, and the parts of requests about it, which are made once.</summary>
/// <param name="key">The key. Its version is the epoch.</param>
internal sealed class EtcdEpoch(ByteString key)
{
    private Compare _is = EtcdRequests.HasVersion(key, 0);

    public ByteString Key => key;

    /// <summary>Reads it.</summary>
    public RequestOp Get { get; } = EtcdRequests.Get(key);

    /// <summary>Holds in this epoch.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <returns>The comparison.</returns>
    public Compare Is(long epoch)
    {
        var compare = Volatile.Read(ref _is);
        if (compare.Version != epoch)
        {
            Volatile.Write(ref _is, compare = EtcdRequests.HasVersion(key, epoch));
        }

        return compare;
    }
}
