using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>How ZooKeeper's errors become <see cref="CoordinationException"/>. The only place that knows.</summary>
internal static class ZooKeeperErrors
{
    /// <summary>Whether the session is not there any more.</summary>
    public static bool IsSessionLost(ZooKeeperException exception) => exception.ErrorCode == ZooKeeperErrorCode.SessionExpired;

    /// <summary>Says what went wrong, where, and what to do.</summary>
    /// <param name="exception">What the client threw.</param>
    /// <param name="servers">Where the servers are.</param>
    /// <param name="operation">What was tried: a verb, such as <c>claim</c>.</param>
    /// <param name="resource">The resource, if it was about one.</param>
    /// <returns>The exception to throw.</returns>
    public static CoordinationException Translate(ZooKeeperException exception, string servers, string operation, string? resource)
    {
        var (cause, isTransient) = Explain(exception);
        var what = resource is null ? operation : $"{operation} '{resource}'";
        return new CoordinationException($"ZooKeeper at {servers} could not {what}: {cause}", isTransient, exception);
    }

    private static (string Cause, bool IsTransient) Explain(ZooKeeperException exception) => exception.ErrorCode switch
    {
        ZooKeeperErrorCode.NoAuth =>
            ($"the ACL of '{exception.Path}', or of the node above it, does not permit it. Set UserName and Password to a user who may read, write, create and delete there, or correct the ACL.", false),
        ZooKeeperErrorCode.AuthFailed =>
            ($"it refused the user name or the password, or does not know the scheme. {exception.Message}", false),
        ZooKeeperErrorCode.InvalidAcl =>
            ("it refused the ACL. With the scheme 'auth' a UserName or a client certificate is needed; other schemes must be enabled on the servers.", false),
        ZooKeeperErrorCode.SaslRequired => ("it wants a log-in by SASL, which is not supported.", false),
        ZooKeeperErrorCode.QuotaExceeded => ("a quota of its is used up. Raise it (setquota in zkCli.sh).", false),
        ZooKeeperErrorCode.Unimplemented => ("it does not know the request. ZooKeeper 3.6 or later is needed.", false),
        ZooKeeperErrorCode.BadArguments or ZooKeeperErrorCode.MarshallingError => ($"it refused the request. {exception.Message}", false),
        ZooKeeperErrorCode.SessionExpired => ("the session has ended there. Claim anew.", true),
        ZooKeeperErrorCode.Throttled => ("it has too much to do.", true),
        _ => (exception.Message, true),
    };
}
