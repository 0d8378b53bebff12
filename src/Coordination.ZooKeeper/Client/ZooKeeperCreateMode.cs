namespace Coordination.ZooKeeper.Client;

/// <summary>How a node is made and how it ends. Sequential nodes have ten digits at the end of their names, which grow within their parent.</summary>
public enum ZooKeeperCreateMode
{
    /// <summary>It stays until it is deleted.</summary>
    Persistent = 0,

    /// <summary>It ends with the session.</summary>
    Ephemeral = 1,

    /// <summary>It stays until it is deleted, and is numbered.</summary>
    PersistentSequential = 2,

    /// <summary>It ends with the session, and is numbered.</summary>
    EphemeralSequential = 3,

    /// <summary>The server deletes it some time after its last child is gone.</summary>
    Container = 4,

    /// <summary>The server deletes it when it has had no children and no changes for a time. Servers need <c>extendedTypesEnabled=true</c>.</summary>
    PersistentWithTtl = 5,

    /// <summary>The same, numbered.</summary>
    PersistentSequentialWithTtl = 6,
}
