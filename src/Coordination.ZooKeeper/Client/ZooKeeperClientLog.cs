using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper.Client;

/// <summary>What the ZooKeeper client logs. Event ids 2250 to 2299; they never change their meaning.</summary>
internal static partial class ZooKeeperClientLog
{
    [LoggerMessage(2250, LogLevel.Information, "Connected to ZooKeeper at {Server}: session 0x{SessionId:x}, time-out {Timeout}.", EventName = "ZooKeeperConnected")]
    public static partial void Connected(ILogger logger, object server, long sessionId, TimeSpan timeout);

    [LoggerMessage(2251, LogLevel.Warning, "The connection to ZooKeeper at {Server} was lost (session 0x{SessionId:x}): {Reason}", EventName = "ZooKeeperDisconnected")]
    public static partial void Disconnected(ILogger logger, object server, long sessionId, string reason);

    [LoggerMessage(2252, LogLevel.Debug, "ZooKeeper at {Server} did not take the session: {Reason}", EventName = "ZooKeeperServerFailed")]
    public static partial void ServerFailed(ILogger logger, object server, string reason);

    [LoggerMessage(2253, LogLevel.Warning, "No ZooKeeper server took the session 0x{SessionId:x}; going on. {Reason}", EventName = "ZooKeeperOutOfReach")]
    public static partial void OutOfReach(ILogger logger, long sessionId, string reason);

    [LoggerMessage(2254, LogLevel.Warning, "The ZooKeeper session 0x{SessionId:x} is lost: {Reason}", EventName = "ZooKeeperSessionLost")]
    public static partial void Lost(ILogger logger, long sessionId, string reason);

    [LoggerMessage(2255, LogLevel.Error, "A callback for {What} failed.", EventName = "ZooKeeperCallbackFailed")]
    public static partial void CallbackFailed(ILogger logger, string what, Exception exception);

    [LoggerMessage(2256, LogLevel.Warning, "A watch of '{Path}' could not be set again: {Code}. It sees nothing until the next connection.", EventName = "ZooKeeperWatchFailed")]
    public static partial void WatchFailed(ILogger logger, string path, ZooKeeperErrorCode code);

    [LoggerMessage(2257, LogLevel.Warning, "The node '{Path}', whose making was cancelled, may be left until its session ends: {Reason}", EventName = "ZooKeeperNodeNotDeleted")]
    public static partial void NotDeleted(ILogger logger, string path, string reason);
}
