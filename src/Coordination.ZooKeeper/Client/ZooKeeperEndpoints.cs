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
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookUp;

    /// <summary>Reads a connection string.</summary>
    /// <param name="connectionString">The connection string.</param>
    /// <param name="lookUp">Resolves a name; <see langword="null"/> for the system's way.</param>
    /// <exception cref="ArgumentException">It is not one.</exception>
    public ZooKeeperEndpoints(string connectionString, Func<string, CancellationToken, Task<IPAddress[]>>? lookUp = null)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        _lookUp = lookUp ?? Dns.GetHostAddressesAsync;
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
    /// <param name="limit">How long it may take. All names are looked up at once.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<List<ZooKeeperServer>> ResolveAsync(
        ZooKeeperServer? last, Action<string, Exception> failed, TimeSpan limit, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var lookUps = _hosts.ConvertAll(host => LookUpAsync(host.Host, both.Token));
        var servers = new List<ZooKeeperServer>();
        for (var i = 0; i < _hosts.Count; i++)
        {
            var (host, port) = _hosts[i];
            try
            {
                var addresses = await lookUps[i].ConfigureAwait(false);
                servers.AddRange(addresses.Select(address => new ZooKeeperServer(host, new IPEndPoint(address, port))));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                failed($"{host}:{port}", new TimeoutException($"its name was not resolved within {limit.TotalSeconds:0.###} s"));
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

    // Async, so that whatever is thrown is thrown when it is awaited. The system's resolver hears of no token once it has begun (Linux), so it is left behind.
    private async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var literal) ? [literal] : await _lookUp(host, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);

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
