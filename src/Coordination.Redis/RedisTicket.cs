using System.Buffers.Text;
using System.Text;
using Coordination.Backends;

namespace Coordination.Redis;

/// <summary>What a process passes on so that another can take over its claim: <c>redis1.id.resource</c>, the resource in base64url.</summary>
/// <param name="Claim">The claim.</param>
internal readonly record struct RedisTicket(ClaimKey Claim)
{
    private const string Kind = "redis1";

    /// <summary>Reads a ticket.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ArgumentException">It is not one of this backend's.</exception>
    public static RedisTicket Parse(string text)
    {
        var parts = text.Split('.');
        if (parts is [Kind, { Length: > 0 } id, { Length: > 0 } resource] && Base64Url.IsValid(resource))
        {
            return new(new ClaimKey(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(resource)), id));
        }

        throw new ArgumentException("The ticket is not one of the Redis backend.", nameof(text));
    }

    /// <summary>Writes the ticket.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Kind}.{Claim.Id}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Claim.Resource))}";
}
