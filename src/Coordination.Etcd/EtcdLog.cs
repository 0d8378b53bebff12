using Microsoft.Extensions.Logging;

namespace Coordination.Etcd;

/// <summary>What the etcd backend logs. Event ids 2100 to 2199; they never change their meaning.</summary>
internal static partial class EtcdLog
{
    [LoggerMessage(2100, LogLevel.Warning, "etcd at {Endpoint} failed or did not answer in time; going on with {Next}.", EventName = "EtcdEndpointLeft")]
    public static partial void EndpointLeft(ILogger logger, Uri endpoint, Uri next);

    [LoggerMessage(2101, LogLevel.Warning, "The watch stream of etcd at {Endpoint} ended; it is opened again, and the queues are read anew.", EventName = "EtcdWatchBroken")]
    public static partial void WatchBroken(ILogger logger, Uri endpoint, Exception exception);

    [LoggerMessage(2102, LogLevel.Information, "etcd ended the watch of '{Resource}' ({Reason}); it is made again, and the queue is read anew.", EventName = "EtcdWatchCanceled")]
    public static partial void WatchCanceled(ILogger logger, string resource, string reason);

    [LoggerMessage(2103, LogLevel.Debug, "Logged in to etcd as {User}.", EventName = "EtcdLoggedIn")]
    public static partial void LoggedIn(ILogger logger, string user);

    [LoggerMessage(2104, LogLevel.Warning, "A user is given, but etcd at {Endpoint} has authentication disabled: nothing is checked.", EventName = "EtcdAuthenticationDisabled")]
    public static partial void AuthenticationDisabled(ILogger logger, Uri endpoint);
}
