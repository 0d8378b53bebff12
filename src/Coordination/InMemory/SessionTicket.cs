using System.Globalization;

namespace Coordination.InMemory;

/// <summary>The text by which a detached session is found again: the server's own id, which nobody can guess, and the session's number.</summary>
internal readonly record struct SessionTicket(Guid Server, long Session)
{
    private const string Scheme = "in-memory";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}:{Server:N}:{Session}");

    public static bool TryParse(string text, out SessionTicket ticket)
    {
        ticket = default;
        if (text.Split(':') is not [Scheme, var server, var session]
            || !Guid.TryParseExact(server, "N", out var serverId)
            || !long.TryParse(session, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        ticket = new SessionTicket(serverId, number);
        return true;
    }
}
