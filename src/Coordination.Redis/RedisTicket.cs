using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using Coordination.Backends;

namespace Coordination.Redis;

/// <summary>What a process passes on so that another can take over its claim: <c>redis1.id.resource</c>, the resource in base64url.</summary>
/// <param name="Claim">The claim.</param>
internal readonly record struct RedisTicket(ClaimKey Claim)
{
    private const string Kind = "redis1";

    private static readonly SearchValues<char> OfIds = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Reads a ticket.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ArgumentException">It is not one of this backend's.</exception>
    public static RedisTicket Parse(string text)
    {
        var parts = text.Split('.');

        // An id of other characters could name a field of the hash that is no claim.
        if (parts is [Kind, { Length: > 0 } id, { Length: > 0 } resource] && !id.AsSpan().ContainsAnyExcept(OfIds) && Base64Url.IsValid(resource))
        {
            var name = Base64Url.DecodeFromChars(resource);
            if (Utf8.IsValid(name))
            {
                return new(new ClaimKey(Encoding.UTF8.GetString(name), id));
            }
        }

        throw new ArgumentException("The ticket is not one of the Redis backend.", nameof(text));
    }

    /// <summary>Writes the ticket.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Kind}.{Claim.Id}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Claim.Resource))}";
}
