namespace Coordination.Etcd;

/// <summary>Checks <see cref="EtcdBackendOptions"/>, once, before anything is sent.</summary>
internal static class EtcdBackendOptionsValidator
{
    private static readonly TimeSpan MinCallTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxCallTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Throws when an option is out of its range.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">The message names the option and its range.</exception>
    public static void ThrowIfInvalid(EtcdBackendOptions options)
    {
        if (Failures(options).FirstOrDefault() is { } failure)
        {
            throw new ArgumentException(failure, nameof(options));
        }
    }

    /// <summary>Reads the list of addresses.</summary>
    /// <param name="endpoints">See <see cref="EtcdBackendOptions.Endpoints"/>.</param>
    /// <returns>The addresses; <see langword="null"/> when one cannot be read or there is none.</returns>
    public static IReadOnlyList<Uri>? Addresses(string? endpoints)
    {
        var addresses = new List<Uri>();
        foreach (var part in (endpoints ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var text = part.Contains("://", StringComparison.Ordinal) ? part : $"http://{part}";
            if (!Uri.TryCreate(text, UriKind.Absolute, out var address) ||
                address.Scheme is not ("http" or "https") || address.Host.Length == 0 || address.PathAndQuery is not ("/" or ""))
            {
                return null;
            }

            addresses.Add(address);
        }

        return addresses.Count == 0 ? null : addresses;
    }

    /// <summary>Says what is wrong.</summary>
    /// <param name="options">The options.</param>
    /// <returns>A message for each option that is out of its range, beginning with its name.</returns>
    public static IEnumerable<string> Failures(EtcdBackendOptions options)
    {
        if (Addresses(options.Endpoints) is null)
        {
            yield return $"{nameof(options.Endpoints)} must be addresses like http://etcd1:2379,http://etcd2:2379; it was '{options.Endpoints}'.";
        }

        if (string.IsNullOrEmpty(options.KeyPrefix) || options.KeyPrefix.Length > 128 ||
            options.KeyPrefix.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c) || c is '|'))
        {
            yield return $"{nameof(options.KeyPrefix)} must have 1 to 128 characters, without white space, control characters and '|'.";
        }

        if (string.IsNullOrEmpty(options.UserName) != string.IsNullOrEmpty(options.Password))
        {
            yield return $"{nameof(options.UserName)} and {nameof(options.Password)} must be given together.";
        }

        if (options.ClientKeyFile is not null && options.ClientCertificateFile is null)
        {
            yield return $"{nameof(options.ClientKeyFile)} needs {nameof(options.ClientCertificateFile)}.";
        }

        if (options.CallTimeout < MinCallTimeout || options.CallTimeout > MaxCallTimeout)
        {
            yield return $"{nameof(options.CallTimeout)} must be from 100 milliseconds to 1 minute; it was {options.CallTimeout}.";
        }
    }
}
