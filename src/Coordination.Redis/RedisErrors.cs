using System.Security.Authentication;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>How the driver's exceptions become <see cref="CoordinationException"/>. The only place that knows.</summary>
internal static class RedisErrors
{
    private static readonly (string Text, RedisErrorKind Kind)[] Codes =
    [
        ("WRONGPASS", RedisErrorKind.WrongPass),
        ("NOAUTH", RedisErrorKind.NoAuth),
        ("NOPERM", RedisErrorKind.NoPermission),
        ("The user executing the script can't", RedisErrorKind.NoPermission), // Redis 7, of what a script calls
        ("Unknown Redis command", RedisErrorKind.UnknownCommand),
        ("unknown command", RedisErrorKind.UnknownCommand),
        ("non deterministic", RedisErrorKind.UnknownCommand), // Redis before 5: TIME before a write
        ("OOM command not allowed", RedisErrorKind.OutOfMemory),
        ("READONLY You can't write", RedisErrorKind.ReadOnly),
        ("MISCONF ", RedisErrorKind.Misconfigured),
        ("NOREPLICAS ", RedisErrorKind.NoReplicas),
        ("WRONGTYPE ", RedisErrorKind.WrongType),
        ("MASTERDOWN ", RedisErrorKind.MasterDown),
        ("LOADING ", RedisErrorKind.Loading),
        ("max number of clients", RedisErrorKind.MaxClients),
    ];

    /// <summary>Says what went wrong, where, and what to do.</summary>
    /// <param name="exception">The driver's exception.</param>
    /// <param name="operation">What was tried: a verb, such as <c>claim</c>.</param>
    /// <param name="resource">The resource, if it was about one.</param>
    /// <returns>The exception to throw.</returns>
    public static Exception Translate(Exception exception, string operation, string? resource)
    {
        if (exception is CoordinationException or ArgumentException)
        {
            return exception;
        }

        var (cause, isTransient) = Explain(exception);
        var what = resource is null ? operation : $"{operation} '{resource}'";
        return new CoordinationException($"Redis could not {what}: {cause}", isTransient, exception);
    }

    private static (string Cause, bool IsTransient) Explain(Exception exception)
    {
        // The reason for a connection's failure is at the end of the chain, or only in a message.
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is RedisServerException server)
            {
                if (Kind(server) is { } told && ExplainKind(told, server.Message) is { } explained)
                {
                    return explained;
                }

                continue;
            }

            if (IsTls(e))
            {
                return ($"TLS could not be agreed on. Check that the server speaks TLS on this port, and that its certificate is trusted and names the host (ssl=true,sslHost=…). It says: {Innermost(e).Message}", false);
            }

            if (e is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure })
            {
                return Authentication(e.Message);
            }

            if (Code(e.Message) is { } kind && ExplainKind(kind, e.Message) is { } named)
            {
                return named;
            }
        }

        return exception switch
        {
            RedisServerException e => ($"the server answered with an error: {e.Message}", false),
            RedisConnectionException { FailureType: ConnectionFailureType.ConnectionDisposed } or ObjectDisposedException =>
                ("its connection (the IConnectionMultiplexer) was disposed. Dispose the coordinator first.", false),
            RedisConnectionException { FailureType: ConnectionFailureType.Loading } =>
                ("the server is loading its data. It will answer when it has done so.", true),
            RedisConnectionException e =>
                ($"the server is out of reach. Check that it runs and that the configuration names it. The driver says: {Reason(e)}", true),
            TimeoutException e => ($"the server did not answer in time: it is overloaded, frozen or cut off. The driver says: {e.Message}", true),
            OperationCanceledException => ("the driver gave the request up, as its connection was closed.", true),
            RedisCommandException e => ($"the driver refused the command: {e.Message}", false),
            _ => ($"the driver failed: {exception.Message}", false),
        };
    }

    // The driver calls it a failure to authenticate too.
    private static bool IsTls(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationException)
            {
                return true;
            }
        }

        return false;
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;

    private static (string Cause, bool IsTransient)? ExplainKind(RedisErrorKind kind, string message) => kind switch
    {
        RedisErrorKind.NoAuth or RedisErrorKind.WrongPass => Authentication(message),
        RedisErrorKind.NoPermission or RedisErrorKind.NotPermitted =>
            ($"the user lacks a permission: {message}. Allow it EVAL, EVALSHA, SUBSCRIBE and PUBLISH, what the scripts use " +
                "(TIME, HMGET, HGET, HSET, HDEL, HLEN, HGETALL, ZADD, ZREM, ZCARD, ZRANGE, ZRANK, PEXPIREAT), and the keys and channels of the prefix.", false),
        RedisErrorKind.UnknownCommand =>
            ($"the server does not know a command: {message}. Redis 6.2 or later is needed, or a server that speaks like it (Valkey, Garnet with --lua --lua-transaction-mode).", false),
        RedisErrorKind.WrongType =>
            ("a key of this name holds something else. Another application uses the same names: set another KeyPrefix.", false),

        // Memory comes free again when other keys expire or their owners remove them: whoever waits had better go on waiting, and
        // whoever does not wait is told after its operation timeout.
        RedisErrorKind.OutOfMemory =>
            ("the server is out of memory (maxmemory is reached and its policy evicts nothing). Leases that are held can still be renewed and released. " +
                "Raise maxmemory, or remove other data.", true),
        RedisErrorKind.ReadOnly =>
            ("the server is a read-only replica. If a failover is under way this passes; otherwise connect to the primary.", true),
        RedisErrorKind.Loading => ("the server is loading its data. It will answer when it has done so.", true),
        RedisErrorKind.MasterDown => ("the server is a replica that has lost its primary.", true),
        RedisErrorKind.ClusterDown => ("the cluster is down, or nobody serves this slot at the moment.", true),
        RedisErrorKind.TryAgain or RedisErrorKind.Moved or RedisErrorKind.Ask => ("the slot is being moved to another node, or was moved just now.", true),
        RedisErrorKind.NoReplicas => ("the server has too few replicas to accept writes (min-replicas-to-write).", true),
        RedisErrorKind.Busy => ("the server is busy with a slow script.", true),
        RedisErrorKind.MaxClients => ("the server has reached its number of clients (maxclients).", true),
        RedisErrorKind.Misconfigured => ($"the server refuses writes until it can save its data again: {message}", true),
        _ => null,
    };

    private static (string Cause, bool IsTransient) Authentication(string message) =>
        message.Contains("WRONGPASS", StringComparison.Ordinal) || message.Contains("invalid password", StringComparison.OrdinalIgnoreCase)
            ? ($"the server refused the user name or the password. Correct them in the configuration (user=…,password=…). It says: {message}", false)
            : ($"the server wants a password, and took none from us. Check it in the configuration (user=…,password=…). It says: {message}", false);

    // Errors that a script met come with their own code only in the text; the driver calls each that begins with ERR an unknown command.
    private static RedisErrorKind? Kind(RedisServerException e) =>
        e.Kind == RedisErrorKind.UnknownCommand || ExplainKind(e.Kind, e.Message) is null ? Code(e.Message) : e.Kind;

    private static RedisErrorKind? Code(string message)
    {
        foreach (var (text, kind) in Codes)
        {
            if (message.Contains(text, StringComparison.Ordinal))
            {
                return kind;
            }
        }

        return null;
    }

    // The driver's messages go on with counters for its own developers.
    private static string Reason(RedisConnectionException e)
    {
        var end = e.Message.IndexOf(", mc: ", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
