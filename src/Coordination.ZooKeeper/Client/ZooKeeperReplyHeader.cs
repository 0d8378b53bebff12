namespace Coordination.ZooKeeper.Client;

/// <summary>What each frame from a server begins with, after the handshake.</summary>
/// <param name="Xid">The request that it answers, or one of the constants.</param>
/// <param name="Zxid">The newest transaction that the server had applied.</param>
/// <param name="Code">The outcome. A body follows only if it is <see cref="ZooKeeperErrorCode.Ok"/>.</param>
internal readonly record struct ZooKeeperReplyHeader(int Xid, long Zxid, ZooKeeperErrorCode Code)
{
    public const int Event = -1;
    public const int Ping = -2;
    public const int Auth = -4;

    public static ZooKeeperReplyHeader Read(ref JuteReader reader) => new(reader.ReadInt32(), reader.ReadInt64(), (ZooKeeperErrorCode)reader.ReadInt32());

    /// <summary>The body of an event.</summary>
    public static ZooKeeperEvent ReadEvent(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        var type = (ZooKeeperEventType)reader.ReadInt32();
        if (type is < ZooKeeperEventType.Created or > ZooKeeperEventType.ChildrenChanged)
        {
            throw new InvalidDataException($"An event of type {(int)type} is not known.");
        }

        // The state of the connection, which says nothing that its being there does not say.
        reader.ReadInt32();
        return new ZooKeeperEvent(type, chroot.FromServer(reader.ReadString()));
    }
}
