using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Checks <see cref="RedlockBackendOptions"/>, once, before anything is sent.</summary>
internal static class RedlockBackendOptionsValidator
{
    /// <summary>Throws when an option is out of its range.</summary>
    /// <param name="options">The options.</param>
    /// <param name="given">How many connections were given, if they were.</param>
    /// <exception cref="ArgumentException">The message names the option and its range.</exception>
    public static void ThrowIfInvalid(RedlockBackendOptions options, int? given)
    {
        if (Failures(options, given).FirstOrDefault() is { } failure)
        {
            throw new ArgumentException(failure, nameof(options));
        }
    }

    /// <summary>Says what is wrong.</summary>
    /// <param name="options">The options.</param>
    /// <param name="given">How many connections were given, if they were.</param>
    /// <returns>A message for each option that is out of its range, beginning with its name.</returns>
    public static IEnumerable<string> Failures(RedlockBackendOptions options, int? given = null)
    {
        var count = given ?? options.Masters.Count;
        if (count < 3 || count % 2 == 0)
        {
            yield return $"{nameof(options.Masters)} must be an odd number of independent masters, 3 or more, so that a majority is well defined; there were {count}. "
                + "For one server use UseRedis.";
        }

        if (given is null)
        {
            var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var master in options.Masters)
            {
                foreach (var failure in Failures(master, seen))
                {
                    yield return failure;
                }
            }
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

        if (options.MasterTimeout < TimeSpan.FromMilliseconds(10) || options.MasterTimeout > TimeSpan.FromMinutes(1))
        {
            yield return $"{nameof(options.MasterTimeout)} must be from 10 milliseconds to 1 minute; it was {options.MasterTimeout}.";
        }

        if (options.LongestDuration < TimeSpan.FromMilliseconds(100) || options.LongestDuration > TimeSpan.FromDays(1))
        {
            yield return $"{nameof(options.LongestDuration)} must be from 100 milliseconds to 1 day; it was {options.LongestDuration}.";
        }

        if (options.TokenRetention < TimeSpan.FromMinutes(1) || options.TokenRetention > TimeSpan.FromDays(365))
        {
            yield return $"{nameof(options.TokenRetention)} must be from 1 minute to 365 days; it was {options.TokenRetention}.";
        }
    }

    private static IEnumerable<string> Failures(string? master, HashSet<string> seen)
    {
        if (string.IsNullOrWhiteSpace(master))
        {
            yield return "Masters must each say where a server is, such as redis1:6379.";
            yield break;
        }

        ConfigurationOptions? configuration = null;
        string? problem = null;
        try
        {
            configuration = ConfigurationOptions.Parse(master);
            problem = configuration.EndPoints.Count == 1 ? null : $"it names {configuration.EndPoints.Count} servers: each master is one.";
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            problem = e.Message;
        }

        if (problem is not null)
        {
            yield return $"{nameof(RedlockBackendOptions.Masters)}: '{master.Split(',')[0]}' is not the StackExchange.Redis configuration of one server: {problem}";
        }
        else if (!seen.Add(configuration!.EndPoints[0].ToString()!))
        {
            yield return $"{nameof(RedlockBackendOptions.Masters)} names '{configuration.EndPoints[0]}' twice: masters must be independent of each other.";
        }
    }
}
