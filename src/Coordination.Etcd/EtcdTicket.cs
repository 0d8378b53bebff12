using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Coordination.Backends;

namespace Coordination.Etcd;

/// <summary>What a process passes on so that another can take over its claim: <c>etcd1.lease.token.name.id.resource</c>, numbers in hex, the resource in base64url.</summary>
/// <param name="Lease">The lease that keeps the claim, and that only one can replace by its own.</param>
/// <param name="CreateRevision">The claim's token.</param>
/// <param name="Name">Its key's own part.</param>
/// <param name="Claim">The claim.</param>
internal readonly record struct EtcdTicket(long Lease, long CreateRevision, string Name, ClaimKey Claim)
{
    private const string Kind = "etcd1";

    /// <summary>Reads a ticket.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The ticket.</returns>
    /// <exception cref="ArgumentException">It is not one of this backend's.</exception>
    public static EtcdTicket Parse(string text)
    {
        if (text.Split('.') is [Kind, var lease, var revision, { Length: > 0 } name, { Length: > 0 } id, { Length: > 0 } resource] &&
            long.TryParse(lease, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var leaseId) &&
            long.TryParse(revision, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var token) &&
            Base64Url.IsValid(resource))
        {
            return new(leaseId, token, name, new ClaimKey(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(resource)), id));
        }

        throw new ArgumentException("The ticket is not one of the etcd backend.", nameof(text));
    }

    /// <summary>Writes the ticket.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kind}.{Lease:x}.{CreateRevision:x}.{Name}.{Claim.Id}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Claim.Resource))}");
}
