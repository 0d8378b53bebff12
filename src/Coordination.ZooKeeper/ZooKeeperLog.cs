using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper;

/// <summary>What the ZooKeeper backend logs besides its client. Event ids 2200 to 2249; they never change their meaning.</summary>
internal static partial class ZooKeeperLog
{
    [LoggerMessage(2200, LogLevel.Warning, "The watch of '{Resource}' could not be set in ZooKeeper; those who wait for it learn of their turn by the next renewal.", EventName = "ZooKeeperQueueUnwatched")]
    public static partial void WatchFailed(ILogger logger, string resource, Exception exception);

    [LoggerMessage(2201, LogLevel.Information, "The queue of '{Resource}' could not be listed in ZooKeeper; it is listed again when the connection is back.", EventName = "ZooKeeperReadingFailed")]
    public static partial void ReadingFailed(ILogger logger, string resource, Exception exception);

    [LoggerMessage(2202, LogLevel.Information, "Made the node '{Path}' in ZooKeeper.", EventName = "ZooKeeperRootMade")]
    public static partial void RootMade(ILogger logger, string path);

    [LoggerMessage(2203, LogLevel.Warning, "ZooKeeper did not say whether '{Path}' is there: {Code}. The lease or the turn that depends on it is not renewed.", EventName = "ZooKeeperNotRenewed")]
    public static partial void NotRenewed(ILogger logger, string path, ZooKeeperErrorCode code);

    [LoggerMessage(2204, LogLevel.Error, "ZooKeeper at {Servers} goes on with a session of {Duration} for {Timeout} only, so it is taken for lost. Set maxSessionTimeout alike on all servers.", EventName = "ZooKeeperTimeoutCut")]
    public static partial void TimeoutCut(ILogger logger, string servers, TimeSpan duration, TimeSpan timeout);
}
