namespace Coordination.ZooKeeper.Client;

/// <summary>How a client stands with its session.</summary>
public enum ZooKeeperState
{
    /// <summary>There is no session yet; one is being opened. Requests wait.</summary>
    Connecting,

    /// <summary>There is a connection.</summary>
    Connected,

    /// <summary>The connection was lost. The session may live, and the client looks for a server that goes on with it. Requests wait.</summary>
    Suspended,

    /// <summary>The session has ended, or the servers refused the credentials. Its ephemeral nodes are gone or will be.</summary>
    Lost,

    /// <summary>The client was closed, detached or disposed.</summary>
    Closed,
}
