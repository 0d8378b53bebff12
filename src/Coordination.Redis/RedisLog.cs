using System.Net;
using Microsoft.Extensions.Logging;

namespace Coordination.Redis;

/// <summary>What the Redis backend logs. Event ids 2000 to 2099; they never change their meaning.</summary>
internal static partial class RedisLog
{
    [LoggerMessage(2000, LogLevel.Debug, "Connecting to Redis at {EndPoints}.", EventName = "RedisConnecting")]
    public static partial void Connecting(ILogger logger, string endPoints);

    [LoggerMessage(2001, LogLevel.Information, "The connection to Redis is back; claims that wait are asked for anew.", EventName = "RedisConnectionRestored")]
    public static partial void ConnectionRestored(ILogger logger);

    [LoggerMessage(2002, LogLevel.Debug, "Redis did not know the script {Script}: sent its text.", EventName = "RedisScriptLoaded")]
    public static partial void ScriptLoaded(ILogger logger, string script);

    [LoggerMessage(2003, LogLevel.Warning, "A message on the channel {Channel} was not understood and ignored.", EventName = "RedisHintNotUnderstood")]
    public static partial void HintNotUnderstood(ILogger logger, string channel);

    [LoggerMessage(2004, LogLevel.Debug, "Redis could not end the subscription of {Channel}.", EventName = "RedisUnsubscribeFailed")]
    public static partial void UnsubscribeFailed(ILogger logger, string channel, Exception exception);

    [LoggerMessage(2005, LogLevel.Warning, "The subscription of {Channel} could not be confirmed after the connection came back; renewals make up for what it misses.", EventName = "RedisResubscribeUnconfirmed")]
    public static partial void ResubscribeUnconfirmed(ILogger logger, string channel, Exception exception);

    [LoggerMessage(2006, LogLevel.Warning, "A part of a renewal failed: {Claims} of {Total} claims are unconfirmed.", EventName = "RedisRenewalUnconfirmed")]
    public static partial void RenewalUnconfirmed(ILogger logger, int claims, int total, Exception exception);

    [LoggerMessage(2007, LogLevel.Warning, "Redis at {EndPoint} may evict the queues of claims: its maxmemory is {MaxMemory} bytes and its maxmemory-policy is {Policy}. Set maxmemory-policy noeviction, or two may hold the same name.", EventName = "RedisMayEvict")]
    public static partial void MayEvict(ILogger logger, EndPoint endPoint, long maxMemory, string policy);

    [LoggerMessage(2008, LogLevel.Debug, "The settings of Redis at {EndPoint} are not known, as the user may not ask (INFO): check that its maxmemory-policy is noeviction.", EventName = "RedisSettingsNotPermitted")]
    public static partial void SettingsNotPermitted(ILogger logger, EndPoint endPoint, Exception exception);

    [LoggerMessage(2009, LogLevel.Information, "The subscription of {Channel} had ended, or its server is gone; it was made anew, and claims that wait are asked for.", EventName = "RedisResubscribed")]
    public static partial void Resubscribed(ILogger logger, string channel);
}
