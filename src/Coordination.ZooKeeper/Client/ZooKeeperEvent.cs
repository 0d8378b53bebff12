namespace Coordination.ZooKeeper.Client;

/// <summary>What a watch saw.</summary>
public enum ZooKeeperEventType
{
    /// <summary>
    /// Nothing, but changes may have been missed: the connection was lost or the session ended. Read again. A watch for one event is over then; a persistent one is back in
    /// place, unless the session has ended for good.
    /// </summary>
    LookAgain = 0,

    /// <summary>The node was created.</summary>
    Created = 1,

    /// <summary>The node was deleted.</summary>
    Deleted = 2,

    /// <summary>The data of the node changed.</summary>
    DataChanged = 3,

    /// <summary>A child was created or deleted.</summary>
    ChildrenChanged = 4,
}

/// <summary>What a watch saw, and where.</summary>
/// <param name="Type">What.</param>
/// <param name="Path">The node; with <see cref="ZooKeeperEventType.LookAgain"/> the path that the watch was set on.</param>
public readonly record struct ZooKeeperEvent(ZooKeeperEventType Type, string Path);

/// <summary>What a persistent watch sees.</summary>
public enum ZooKeeperWatchMode
{
    /// <summary>Changes of the node and of the list of its children.</summary>
    Persistent = 0,

    /// <summary>Created, deleted and changed nodes: this one and all below it.</summary>
    PersistentRecursive = 1,
}
