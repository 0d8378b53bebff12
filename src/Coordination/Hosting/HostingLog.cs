using Microsoft.Extensions.Logging;

namespace Coordination.Hosting;

/// <summary>What leader-elected services log, under the category <c>Coordination.Hosting</c>: ids 1100 to 1199.</summary>
internal sealed partial class HostingLog(ILogger logger)
{
    [LoggerMessage(1100, LogLevel.Information, "Elected in '{Election}' (token {Token}): {Service} starts.", EventName = "TermStarted")]
    public partial void TermStarted(string election, FencingToken token, string service);

    [LoggerMessage(1101, LogLevel.Information, "{Service} has stopped and resigns from '{Election}' (token {Token}): the host stops.", EventName = "Resigned")]
    public partial void Resigned(string service, string election, FencingToken token);

    [LoggerMessage(1102, LogLevel.Warning, "The leadership of '{Election}' (token {Token}) is lost: {Service} has stopped, and stands for election again.", EventName = "TermLost")]
    public partial void TermLost(Exception? exception, string election, FencingToken token, string service);

    [LoggerMessage(1103, LogLevel.Information, "{Service} is done and resigns from '{Election}' (token {Token}) for good.", EventName = "ServiceCompleted")]
    public partial void ServiceCompleted(string service, string election, FencingToken token);

    [LoggerMessage(1104, LogLevel.Error, "{Service} threw and resigns from '{Election}' (token {Token}); it stands for election again in {Backoff}.", EventName = "ServiceFailed")]
    public partial void ServiceFailed(Exception exception, string service, string election, FencingToken token, TimeSpan backoff);

    [LoggerMessage(1105, LogLevel.Error, "{Service} threw and resigns from '{Election}' (token {Token}) for good.", EventName = "ServiceFailedForGood")]
    public partial void ServiceFailedForGood(Exception exception, string service, string election, FencingToken token);

    [LoggerMessage(1106, LogLevel.Warning, "{Service} could not stand for election in '{Election}'; it tries again in {Backoff}.", EventName = "CampaignFailed")]
    public partial void CampaignFailed(Exception exception, string service, string election, TimeSpan backoff);

    [LoggerMessage(1107, LogLevel.Error, "{Service} still runs although the leadership of '{Election}' (token {Token}) was lost {Margin} ago: another process may lead. Let it stop sooner when its token is cancelled, or set a longer SafetyMargin.", EventName = "StopOverdue")]
    public partial void StopOverdue(string service, string election, FencingToken token, TimeSpan margin);

    [LoggerMessage(1108, LogLevel.Error, "{Service} has not stopped within the host's shutdown time-out: another process may lead in '{Election}' as soon as the host is disposed, or this process ends. Let it stop sooner when its token is cancelled, or set a longer HostOptions.ShutdownTimeout.", EventName = "ShutdownOverdue")]
    public partial void ShutdownOverdue(string service, string election);
}
