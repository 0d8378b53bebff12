using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Coordination.Backends;

namespace Coordination.Redis;

/// <summary>What a process passes on so that another can take over its lease: <c>redlock1.id.attempt.resource</c>, the resource in base64url.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Attempt">The attempt that was granted.</param>
internal readonly record struct RedlockTicket(ClaimKey Claim, int Attempt)
{
    private const string Kind = "redlock1";

    /// <summary>Reads a ticket.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ArgumentException">It is not one of this backend's.</exception>
    public static RedlockTicket Parse(string text)
    {
        var parts = text.Split('.');
        if (parts is [Kind, { Length: > 0 } id, var number, { Length: > 0 } resource] &&
            id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') &&
            int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) &&
            Base64Url.IsValid(resource))
        {
            var name = Base64Url.DecodeFromChars(resource);
            if (Utf8.IsValid(name))
            {
                return new(new ClaimKey(Encoding.UTF8.GetString(name), id), attempt);
            }
        }

        throw new ArgumentException("The ticket is not one of the Redlock backend.", nameof(text));
    }

    /// <summary>Writes the ticket.</summary>
    /// <returns>The text.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Kind}.{Claim.Id}.{Attempt}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Claim.Resource))}");
}
