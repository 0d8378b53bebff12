namespace Coordination.ZooKeeper.Client;

/// <summary>What ZooKeeper knows of a node. A zxid is the number of a transaction: they grow over the whole ensemble.</summary>
/// <param name="Czxid">The transaction that created the node.</param>
/// <param name="Mzxid">The transaction that last changed its data.</param>
/// <param name="Ctime">When it was created, by the leader's clock, in milliseconds since 1970.</param>
/// <param name="Mtime">When its data was last changed, likewise.</param>
/// <param name="Version">How often its data was changed.</param>
/// <param name="Cversion">How often its children were created and deleted.</param>
/// <param name="Aversion">How often its ACL was changed.</param>
/// <param name="EphemeralOwner">The session that it ends with; 0 if it is not ephemeral.</param>
/// <param name="DataLength">The bytes of its data.</param>
/// <param name="NumChildren">The number of its children.</param>
/// <param name="Pzxid">The transaction that last created or deleted a child.</param>
public readonly record struct ZooKeeperStat(
    long Czxid,
    long Mzxid,
    long Ctime,
    long Mtime,
    int Version,
    int Cversion,
    int Aversion,
    long EphemeralOwner,
    int DataLength,
    int NumChildren,
    long Pzxid)
{
    internal static ZooKeeperStat Read(ref JuteReader reader) => new(
        reader.ReadInt64(),
        reader.ReadInt64(),
        reader.ReadInt64(),
        reader.ReadInt64(),
        reader.ReadInt32(),
        reader.ReadInt32(),
        reader.ReadInt32(),
        reader.ReadInt64(),
        reader.ReadInt32(),
        reader.ReadInt32(),
        reader.ReadInt64());
}
