using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>Checks <see cref="ZooKeeperBackendOptions"/>, once, before anything is sent.</summary>
internal static class ZooKeeperBackendOptionsValidator
{
    private const int MaxRootLength = 256;

    private static readonly TimeSpan MinCallTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxCallTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Throws when an option is out of its range.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">The message names the option and its range.</exception>
    public static void ThrowIfInvalid(ZooKeeperBackendOptions options)
    {
        if (Failures(options).FirstOrDefault() is { } failure)
        {
            throw new ArgumentException(failure, nameof(options));
        }
    }

    /// <summary>Says what is wrong.</summary>
    /// <param name="options">The options.</param>
    /// <returns>A message for each option that is out of its range, beginning with its name.</returns>
    public static IEnumerable<string> Failures(ZooKeeperBackendOptions options)
    {
        if (EndpointsFault(options.ConnectionString) is { } fault)
        {
            yield return $"{nameof(options.ConnectionString)} must be like zk1:2181,zk2:2181/chroot. {fault}";
        }

        if (options.RootPath is null or { Length: < 2 or > MaxRootLength } || ZooKeeperPath.Reason(options.RootPath) is not null)
        {
            yield return $"{nameof(options.RootPath)} must be an absolute path of ZooKeeper of 2 to {MaxRootLength} characters; it was '{options.RootPath}'.";
        }

        if (string.IsNullOrEmpty(options.UserName) != string.IsNullOrEmpty(options.Password))
        {
            yield return $"{nameof(options.UserName)} and {nameof(options.Password)} must be given together.";
        }

        if (options.UserName?.Contains(':', StringComparison.Ordinal) == true)
        {
            yield return $"{nameof(options.UserName)} must not contain a colon.";
        }

        if (options.Acl is not null && ZooKeeperAcls.Parse(options.Acl) is null)
        {
            yield return $"{nameof(options.Acl)} must be entries like digest:app:HASH:cdrwa, separated by commas; it was '{options.Acl}'.";
        }

        if (!options.UseTls && (options.CertificateAuthorityFile ?? options.ClientCertificateFile ?? options.ClientKeyFile) is not null)
        {
            yield return $"Certificates need {nameof(options.UseTls)}.";
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

    private static string? EndpointsFault(string? connectionString)
    {
        try
        {
            _ = new ZooKeeperEndpoints(connectionString ?? "");
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }
}
