namespace Coordination.ZooKeeper.Client;

/// <summary>What went wrong: ZooKeeper's own codes. A server may send others; they are kept as numbers.</summary>
public enum ZooKeeperErrorCode
{
    /// <summary>Nothing.</summary>
    Ok = 0,

    /// <summary>The server failed inside.</summary>
    SystemError = -1,

    /// <summary>In a multi: an operation behind the one that failed, which was not tried.</summary>
    RuntimeInconsistency = -2,

    /// <summary>
    /// The connection was lost while the request was under way: whether it was done is not known. Also: no server could be reached. Made by the client.
    /// </summary>
    ConnectionLoss = -4,

    /// <summary>The server could not read the request, or the client could not read the reply.</summary>
    MarshallingError = -5,

    /// <summary>The server does not know this kind of request.</summary>
    Unimplemented = -6,

    /// <summary>The server did not do it in time.</summary>
    OperationTimeout = -7,

    /// <summary>An argument is wrong, such as a path.</summary>
    BadArguments = -8,

    /// <summary>A new configuration of the ensemble is under way.</summary>
    NewConfigNoQuorum = -13,

    /// <summary>The node does not exist.</summary>
    NoNode = -101,

    /// <summary>The ACL does not permit it.</summary>
    NoAuth = -102,

    /// <summary>The node has another version than asked for.</summary>
    BadVersion = -103,

    /// <summary>Ephemeral nodes have no children.</summary>
    NoChildrenForEphemerals = -108,

    /// <summary>The node exists already.</summary>
    NodeExists = -110,

    /// <summary>The node has children.</summary>
    NotEmpty = -111,

    /// <summary>The session has ended, and with it its ephemeral nodes.</summary>
    SessionExpired = -112,

    /// <summary>The ACL is empty, or names what the server does not know.</summary>
    InvalidAcl = -114,

    /// <summary>The server refused the credentials.</summary>
    AuthFailed = -115,

    /// <summary>The session went on over another connection.</summary>
    SessionMoved = -118,

    /// <summary>A server without quorum reads only.</summary>
    NotReadOnly = -119,

    /// <summary>There is no such watch.</summary>
    NoWatcher = -121,

    /// <summary>Servers want a log-in by SASL, which this client does not offer.</summary>
    SaslRequired = -124,

    /// <summary>A quota is used up.</summary>
    QuotaExceeded = -125,

    /// <summary>The server has too much to do and did not try.</summary>
    Throttled = -127,
}
