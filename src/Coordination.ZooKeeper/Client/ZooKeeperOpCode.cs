namespace Coordination.ZooKeeper.Client;

/// <summary>The types of requests that this client sends.</summary>
internal enum ZooKeeperOpCode
{
    /// <summary>In a multi: the end of its operations, and the result of one that was not done.</summary>
    Error = -1,
    CloseSession = -11,
    Create = 1,
    Delete = 2,
    Exists = 3,
    GetData = 4,
    SetData = 5,
    GetAcl = 6,
    SetAcl = 7,
    Sync = 9,

    /// <summary>Only in a multi-read; elsewhere its successor tells of the node too.</summary>
    GetChildren = 8,
    Ping = 11,
    GetChildren2 = 12,

    /// <summary>Only in a multi. Alone it ends the connection, and can spoil the server's log.</summary>
    Check = 13,
    Multi = 14,
    Create2 = 15,
    RemoveWatches = 18,
    CreateContainer = 19,
    CreateTtl = 21,
    MultiRead = 22,
    Auth = 100,
    AddWatch = 106,
    WhoAmI = 107,
}
