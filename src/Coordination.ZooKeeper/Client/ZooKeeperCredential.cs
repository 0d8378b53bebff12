using System.Text;

namespace Coordination.ZooKeeper.Client;

/// <summary>What a client proves who it is with. It is sent at the beginning of each connection, in clear text unless the connection has TLS.</summary>
/// <param name="Scheme">The scheme, such as <c>digest</c>.</param>
/// <param name="Value">What the scheme wants to see.</param>
public sealed record ZooKeeperCredential(string Scheme, ReadOnlyMemory<byte> Value)
{
    /// <summary>A name and a password.</summary>
    /// <param name="user">The name. It must not contain a colon.</param>
    /// <param name="password">The password.</param>
    /// <returns>The credential.</returns>
    public static ZooKeeperCredential Digest(string user, string password)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        ArgumentNullException.ThrowIfNull(password);
        return user.Contains(':', StringComparison.Ordinal)
            ? throw new ArgumentException("The name of a user must not contain a colon.", nameof(user))
            : new ZooKeeperCredential("digest", Encoding.UTF8.GetBytes($"{user}:{password}"));
    }

    /// <summary>The scheme alone: the value is a secret.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Scheme} credential";
}
