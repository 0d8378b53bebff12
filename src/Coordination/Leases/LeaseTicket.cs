using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Coordination.Leases;

/// <summary>What a detached lease needs to be found again: which backend, resource, kind and claim, and the backend's own ticket.</summary>
internal sealed record LeaseTicket(string Resource, string ClaimId, string SessionTicket)
{
    private const string Version = "coordination-1";

    public static string Format(Claim claim, string sessionTicket)
    {
        var template = claim.Template;
        var text = string.Join(
            '\n',
            Version,
            claim.Session.Engine.Backend.Description.Name,
            template.Primitive.Name(),
            template.Resource,
            claim.Key.Id,
            claim.Token.Value.ToString(CultureInfo.InvariantCulture),
            sessionTicket);
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }

    public static LeaseTicket Parse(string ticket, ClaimTemplate template, string backend)
    {
        ArgumentException.ThrowIfNullOrEmpty(ticket);
        var parts = Decode(ticket)?.Split('\n');
        if (parts is not { Length: 7 } || parts[0] != Version)
        {
            throw new ArgumentException("This is not a ticket of a detached lease.", nameof(ticket));
        }

        if (parts[1] != backend)
        {
            throw new ArgumentException($"The ticket is of the backend '{parts[1]}', not of '{backend}'.", nameof(ticket));
        }

        if (parts[2] != template.Primitive.Name() || parts[3] != template.Resource)
        {
            throw new ArgumentException(
                $"The ticket is of the {parts[2]} '{parts[3]}', not of the {template.Primitive.Name()} '{template.Resource}'.",
                nameof(ticket));
        }

        return new LeaseTicket(parts[3], parts[4], parts[6]);
    }

    private static string? Decode(string ticket)
    {
        try
        {
            return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(ticket));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
