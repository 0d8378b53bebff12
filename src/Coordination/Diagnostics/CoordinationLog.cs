using Microsoft.Extensions.Logging;

namespace Coordination.Diagnostics;

/// <summary>What the engine logs, under the category <c>Coordination</c>. Ids are stable: 1000 to 1999; backends have their own thousands.</summary>
internal sealed partial class CoordinationLog(ILogger logger)
{
    [LoggerMessage(1001, LogLevel.Warning, "The lease on '{Resource}' ({Backend}, token {Token}, claim {ClaimId}) is lost: {Reason}.", EventName = "LeaseLost")]
    private partial void LeaseLostCore(string resource, string backend, long token, string claimId, string reason);

    [LoggerMessage(1002, LogLevel.Warning, "The lease on '{Resource}' ({Backend}, claim {ClaimId}) could not be released; the release goes on in the background.", EventName = "ReleaseFailed")]
    public partial void ReleaseFailed(Exception exception, string resource, string backend, string claimId);

    [LoggerMessage(1003, LogLevel.Warning, "The claim {ClaimId} on '{Resource}' ({Backend}) could not be released; it is tried again while its session lives, and ends with it.", EventName = "ReleaseGivenUp")]
    public partial void ReleaseGivenUp(Exception exception, string resource, string backend, string claimId);

    [LoggerMessage(1004, LogLevel.Warning, "A renewal of the session of {Duration} failed ({Backend}); it is tried again until the leases' deadlines.", EventName = "RenewalFailed")]
    public partial void RenewalFailed(Exception exception, string backend, TimeSpan duration);

    [LoggerMessage(1005, LogLevel.Warning, "The session of {Duration} is lost ({Backend}): {Reason}.", EventName = "SessionLost")]
    public partial void SessionLost(string backend, TimeSpan duration, string reason);

    [LoggerMessage(1006, LogLevel.Warning, "The session of {Duration} could not be ended at the server ({Backend}); it ends by itself within that time.", EventName = "SessionNotEnded")]
    public partial void SessionNotEnded(Exception exception, string backend, TimeSpan duration);

    [LoggerMessage(1007, LogLevel.Warning, "Maintenance failed ({Backend}); it is tried again.", EventName = "MaintenanceFailed")]
    public partial void MaintenanceFailed(Exception exception, string backend);

    [LoggerMessage(1008, LogLevel.Error, "A callback on a lease's Lost token threw.", EventName = "LostCallbackFailed")]
    private partial void LostCallbackFailed(Exception exception);

    [LoggerMessage(1009, LogLevel.Error, "Unexpected error in '{Operation}'. This is a bug; please report it.", EventName = "Unexpected")]
    public partial void Unexpected(Exception exception, string operation);

    [LoggerMessage(1010, LogLevel.Warning, "The election '{Resource}' could not be observed ({Backend}); it is tried again.", EventName = "ObservationFailed")]
    public partial void ObservationFailed(Exception exception, string resource, string backend);

    public void LeaseLost(string resource, string backend, FencingToken token, string claimId, string reason) =>
        LeaseLostCore(resource, backend, token.Value, claimId, reason);

    /// <summary>
    /// Fires a lease's Lost token, at once; its callbacks run on the thread pool. What they throw is logged: there is nobody to throw it to.
    /// </summary>
    public void Cancel(CancellationTokenSource source) => _ = CancelAsync(source);

    private async Task CancelAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LostCallbackFailed(exception);
        }
    }
}
