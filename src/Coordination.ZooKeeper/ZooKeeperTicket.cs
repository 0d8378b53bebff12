using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Coordination.ZooKeeper;

/// <summary>
/// What a process passes on so that another can take over its session with its claim: <c>zk2.session.password.timeout.node.token.version.resource</c>, numbers in hex, the password and the resource in base64url.
/// </summary>
/// <param name="SessionId">The session.</param>
/// <param name="Password">What the server wants to see before it lets another connection have it.</param>
/// <param name="Timeout">The session's time-out. Whoever goes on with it is granted more if it asks for more, but only by the server that it asks: a new leader, or a server that starts again, knows the first alone.</param>
/// <param name="Node">The name of the claim's node.</param>
/// <param name="Token">The claim's token.</param>
/// <param name="Version">The version of the node's data, which only one can go on from.</param>
/// <param name="Resource">The resource.</param>
internal readonly record struct ZooKeeperTicket(
    long SessionId, ReadOnlyMemory<byte> Password, TimeSpan Timeout, string Node, long Token, int Version, string Resource)
{
    // "zk1" had no time-out.
    private const string Kind = "zk2";

    /// <summary>Reads a ticket.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ArgumentException">It is not one of this backend's, or of another version of it.</exception>
    public static ZooKeeperTicket Parse(string text)
    {
        var parts = text.Split('.');
        if (parts is [Kind, var session, var password, var timeout, { Length: > 0 } node, var token, var version, { Length: > 0 } resource] &&
            long.TryParse(session, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sessionId) &&
            int.TryParse(timeout, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0 &&
            long.TryParse(token, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var czxid) &&
            int.TryParse(version, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var dataVersion) &&
            Base64Url.IsValid(password) && Base64Url.IsValid(resource) &&
            ZooKeeperClaimName.TryParse(node, out var claim) && claim.Id.Length > 0 && !node.Contains('/', StringComparison.Ordinal))
        {
            return new(
                sessionId, Base64Url.DecodeFromChars(password), TimeSpan.FromMilliseconds(milliseconds), node, czxid, dataVersion, Encoding.UTF8.GetString(Base64Url.DecodeFromChars(resource)));
        }

        if (parts is [['z', 'k', .. { Length: > 0 } number] kind, _, ..] && kind != Kind && number.All(char.IsAsciiDigit))
        {
            throw new ArgumentException(
                $"The ticket was made by another version of the ZooKeeper backend: it is of the kind '{kind}', and this version reads '{Kind}'. Attach it with the version that detached it, or let the lease end.", nameof(text));
        }

        throw new ArgumentException("The ticket is not one of the ZooKeeper backend.", nameof(text));
    }

    /// <summary>Writes the ticket.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kind}.{SessionId:x}.{Base64Url.EncodeToString(Password.Span)}.{(int)Timeout.TotalMilliseconds:x}.{Node}.{Token:x}.{Version:x}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Resource))}");
}
