using Microsoft.Extensions.Logging;

namespace Coordination.Redis;

/// <summary>What the Redlock backend logs. Event ids 2060 to 2079; they never change their meaning.</summary>
internal static partial class RedlockLog
{
    [LoggerMessage(2060, LogLevel.Information, "The master {Master} was admitted, with tokens from {Floor} on.", EventName = "RedlockMasterAdmitted")]
    public static partial void MasterAdmitted(ILogger logger, string master, long floor);

    [LoggerMessage(2061, LogLevel.Warning, "A set of {Count} masters that was new, or restarted as a whole, was admitted. This once tokens rest on clocks: they begin at {Floor}, ahead of all masters' time.", EventName = "RedlockSetAdmitted")]
    public static partial void SetAdmitted(ILogger logger, int count, long floor);

    [LoggerMessage(2062, LogLevel.Warning, "The master {Master} lost its data or was restarted. It is kept out for another {Left}.", EventName = "RedlockMasterKeptOut")]
    public static partial void MasterKeptOut(ILogger logger, string master, TimeSpan left);

    [LoggerMessage(2063, LogLevel.Error, "The master {Master} lost its data and cannot be admitted again: {Intact} of the others know what it knew, and {Enough} must.", EventName = "RedlockSetStuck")]
    public static partial void SetStuck(ILogger logger, string master, int intact, int enough);

    [LoggerMessage(2064, LogLevel.Warning, "A part of a renewal failed: {Claims} of {Total} claims are unconfirmed.", EventName = "RedlockRenewalUnconfirmed")]
    public static partial void RenewalUnconfirmed(ILogger logger, int claims, int total, Exception exception);
}
