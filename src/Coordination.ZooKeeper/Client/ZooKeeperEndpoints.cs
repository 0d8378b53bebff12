using System.Globalization;
using System.Net;

namespace Coordination.ZooKeeper.Client;

/// <summary>One address of one server.</summary>
/// <param name="Host">The name that the user gave: a certificate is checked against it.</param>
/// <param name="Address">Where it is now.</param>
internal sealed record ZooKeeperServer(string Host, IPEndPoint Address)
{
    /// <inheritdoc/>
    public override string ToString() => Host == Address.Address.ToString() ? Address.ToString() : $"{Host}:{Address.Port} ({Address.Address})";
}

/// <summary>The servers of a connection string: <c>host1:2181,host2:2181/chroot</c>.</summary>
internal sealed class ZooKeeperEndpoints
{
    private const int DefaultPort = 2181;

    private readonly List<(string Host, int Port)> _hosts = [];

    /// <summary>Reads a connection string.</summary>
    /// <exception cref="ArgumentException">It is not one.</exception>
    public ZooKeeperEndpoints(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        var text = connectionString.Trim();
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var path = slash < 0 ? "/" : text[slash..];
        if (ZooKeeperPath.Reason(path) is { } reason)
        {
            throw Invalid(connectionString, $"'{path}' is no path, since {reason}");
        }

        Chroot = new ZooKeeperChroot(path);
        foreach (var part in (slash < 0 ? text : text[..slash]).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            _hosts.Add(Parse(part) ?? throw Invalid(connectionString, $"'{part}' is not host:port"));
        }

        if (_hosts.Count == 0)
        {
            throw Invalid(connectionString, "it names no server");
        }
    }

    /// <summary>The node that is taken for the root.</summary>
    public ZooKeeperChroot Chroot { get; }

    /// <summary>How many servers are named.</summary>
    public int Count => _hosts.Count;

    /// <summary>
    /// The addresses of all servers, in a random order: names are resolved anew each time, since servers move, and a name that cannot be resolved is left out.
    /// </summary>
    /// <param name="last">The address that was used last, which comes last: its server has just failed.</param>
    /// <param name="failed">Told of each name that could not be resolved.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<List<ZooKeeperServer>> ResolveAsync(ZooKeeperServer? last, Action<string, Exception> failed, CancellationToken cancellationToken)
    {
        var servers = new List<ZooKeeperServer>();
        foreach (var (host, port) in _hosts)
        {
            try
            {
                var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
                servers.AddRange(addresses.Select(address => new ZooKeeperServer(host, new IPEndPoint(address, port))));
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it is: the other servers are asked, and this one in the next round.
                failed($"{host}:{port}", exception);
            }
        }

        var distinct = servers.DistinctBy(static server => server.Address).ToArray();
        Random.Shared.Shuffle(distinct);
        return [.. distinct.OrderBy(server => server.Address.Equals(last?.Address))];
    }

    private static (string Host, int Port)? Parse(string part)
    {
        var close = part.LastIndexOf(']');
        if (part.StartsWith('[') ? close < 0 : close >= 0)
        {
            return null;
        }

        var colon = part.IndexOf(':', close + 1);
        var host = close >= 0 ? part[1..close] : colon < 0 ? part : part[..colon];
        if (close >= 0 && (colon < 0 ? close != part.Length - 1 : colon != close + 1))
        {
            return null;
        }

        var port = DefaultPort;
        if (colon >= 0 && (!int.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return null;
        }

        return Uri.CheckHostName(host) == UriHostNameType.Unknown ? null : (host, port);
    }

    private static ArgumentException Invalid(string connectionString, string reason) =>
        new($"The connection string '{connectionString}' is not of the form host1:2181,host2:2181/chroot: {reason}.", nameof(connectionString));
}
