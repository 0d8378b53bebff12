using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Checks <see cref="RedisBackendOptions"/>, once, before anything is sent.</summary>
internal static class RedisBackendOptionsValidator
{
    private const int MaxReplicas = 16;

    private static readonly TimeSpan MinAckTimeout = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxAckTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MinRetention = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxRetention = TimeSpan.FromDays(365);

    /// <summary>Throws when an option is out of its range.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">The message names the option and its range.</exception>
    public static void ThrowIfInvalid(RedisBackendOptions options)
    {
        if (Failures(options).FirstOrDefault() is { } failure)
        {
            throw new ArgumentException(failure, nameof(options));
        }
    }

    /// <summary>Says what is wrong.</summary>
    /// <param name="options">The options.</param>
    /// <returns>A message for each option that is out of its range, beginning with its name.</returns>
    public static IEnumerable<string> Failures(RedisBackendOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Configuration))
        {
            yield return $"{nameof(options.Configuration)} must say where the server is, such as localhost:6379.";
        }
        else if (ConfigurationFailure(options.Configuration) is { } failure)
        {
            yield return $"{nameof(options.Configuration)} is not a StackExchange.Redis configuration: {failure}";
        }

        if (string.IsNullOrEmpty(options.KeyPrefix) || options.KeyPrefix.Length > 128 ||
            options.KeyPrefix.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c) || c is '{' or '}'))
        {
            yield return $"{nameof(options.KeyPrefix)} must have 1 to 128 characters, without white space, control characters and braces.";
        }

        if (options.Database < -1)
        {
            yield return $"{nameof(options.Database)} must be 0 or more, or -1 for the connection's own; it was {options.Database}.";
        }

        if (options.TokenRetention < MinRetention || options.TokenRetention > MaxRetention)
        {
            yield return $"{nameof(options.TokenRetention)} must be from 1 minute to 365 days; it was {options.TokenRetention}.";
        }

        if (options.MinReplicaAcks is < 0 or > MaxReplicas)
        {
            yield return $"{nameof(options.MinReplicaAcks)} must be from 0 to {MaxReplicas}; it was {options.MinReplicaAcks}.";
        }

        if (options.ReplicaAckTimeout < MinAckTimeout || options.ReplicaAckTimeout > MaxAckTimeout)
        {
            yield return $"{nameof(options.ReplicaAckTimeout)} must be from 10 milliseconds to 10 seconds; it was {options.ReplicaAckTimeout}.";
        }
    }

    private static string? ConfigurationFailure(string configuration)
    {
        try
        {
            return ConfigurationOptions.Parse(configuration).EndPoints.Count == 0 ? "it names no server." : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return e.Message;
        }
    }
}
