namespace Coordination.ZooKeeper.Client;

/// <summary>A request to ZooKeeper failed. The message names the operation and the path.</summary>
public sealed class ZooKeeperException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="message">The same in words, with what to do.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public ZooKeeperException(ZooKeeperErrorCode code, string message, Exception? innerException = null)
        : base(message, innerException) => ErrorCode = code;

    /// <summary>What went wrong.</summary>
    public ZooKeeperErrorCode ErrorCode { get; }

    /// <summary>The path that was asked about, as the caller gave it.</summary>
    public string? Path { get; init; }

    /// <summary>Which operation of a multi failed, counted from 0; otherwise -1.</summary>
    public int FailedOperation { get; init; } = -1;

    /// <summary>The server's answer to a request, as an exception.</summary>
    internal static ZooKeeperException Refused(ZooKeeperErrorCode code, ZooKeeperOpCode operation, string? path, int failedOperation = -1)
    {
        var what = failedOperation < 0
            ? $"ZooKeeper refused {operation}{(path is null ? "" : $" '{path}'")}"
            : $"ZooKeeper refused operation {failedOperation} of a multi{(path is null ? "" : $" ('{path}')")}";
        return new ZooKeeperException(code, $"{what}: {Explain(code)}") { Path = path, FailedOperation = failedOperation };
    }

    private static string Explain(ZooKeeperErrorCode code) => code switch
    {
        ZooKeeperErrorCode.NoNode => "the node, or its parent, does not exist.",
        ZooKeeperErrorCode.NoAuth => "the ACL does not permit it to the credentials of this client.",
        ZooKeeperErrorCode.BadVersion => "the node has another version.",
        ZooKeeperErrorCode.NoChildrenForEphemerals => "the parent is ephemeral, and has no children.",
        ZooKeeperErrorCode.NodeExists => "the node exists already.",
        ZooKeeperErrorCode.NotEmpty => "the node has children.",
        ZooKeeperErrorCode.SessionExpired => "the session has ended.",
        ZooKeeperErrorCode.InvalidAcl => "the ACL is empty or names what the server does not know. With scheme 'auth' the client needs credentials.",
        ZooKeeperErrorCode.AuthFailed => "the server refused the credentials.",
        ZooKeeperErrorCode.SessionMoved => "the session went on over another connection.",
        ZooKeeperErrorCode.Unimplemented => "the server does not know this request. It may be too old, or not permit TTL nodes (extendedTypesEnabled=true).",
        ZooKeeperErrorCode.SaslRequired => "the servers want a log-in by SASL, which this client does not offer.",
        ZooKeeperErrorCode.QuotaExceeded => "a quota is used up.",
        ZooKeeperErrorCode.Throttled => "the server has too much to do.",
        ZooKeeperErrorCode.NoWatcher => "there is no such watch.",
        _ => $"{code} ({(int)code}).",
    };
}
