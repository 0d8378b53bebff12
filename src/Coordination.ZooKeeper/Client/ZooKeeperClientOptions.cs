using System.Net.Security;
using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper.Client;

/// <summary>How a <see cref="ZooKeeperClient"/> connects. Read once, when the client is made.</summary>
public sealed class ZooKeeperClientOptions
{
    /// <summary>Where the servers are, and the node that is taken for the root.</summary>
    /// <value>
    /// <c>host1:2181,host2:2181/chroot</c>: one or more names or addresses (IPv6 in brackets) with ports, and a path that may be left out. The port is 2181 where none is given.
    /// The default is <c>localhost:2181</c>. The node of the path must exist.
    /// </value>
    public string ConnectionString { get; set; } = "localhost:2181";

    /// <summary>How long the session lives without a sign of life from the client.</summary>
    /// <value>
    /// Greater than zero. The servers put it between 2 and 20 of their ticks (4 and 40 seconds by default); <see cref="ZooKeeperClient.NegotiatedTimeout"/> says what came of
    /// it. The default is 10 seconds.
    /// </value>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one server may take from the connect to the session. A frozen server accepts connections and says nothing.</summary>
    /// <value>
    /// Greater than zero. The default, <see langword="null"/>, is 2 seconds, but at most a third of the session's time-out and what is left to each server when all are to be tried
    /// within it, and at least 100 milliseconds.
    /// </value>
    public TimeSpan? ConnectTimeout { get; set; }

    /// <summary>How long a server may take to answer a request. Then the connection is given up, and the next server is asked for the session.</summary>
    /// <value>Greater than zero. The default, <see langword="null"/>, is two thirds of the session's time-out.</value>
    public TimeSpan? ReplyTimeout { get; set; }

    /// <summary>
    /// Whether the client pings when it has nothing else to say, and gives up a connection over which nothing comes for two thirds of the session's time-out. Otherwise the session lives by its requests
    /// alone: whoever sends them decides for how long.
    /// </summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool KeepAlive { get; set; } = true;

    /// <summary>What the client proves who it is with, on each new connection.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyList<ZooKeeperCredential> Credentials { get; set; } = [];

    /// <summary>The ACL of nodes that are created without one of their own.</summary>
    /// <value>Not empty. The default is <see cref="ZooKeeperAcl.Open"/>.</value>
    public IReadOnlyList<ZooKeeperAcl> Acl { get; set; } = ZooKeeperAcl.Open;

    /// <summary>Makes connections use TLS: gives the options for a host, whose name the certificate is checked against.</summary>
    /// <value>
    /// Called for each new connection with the host as named in <see cref="ConnectionString"/>, which belongs into <see cref="SslClientAuthenticationOptions.TargetHost"/>.
    /// The default is <see langword="null"/>: no TLS.
    /// </value>
    public Func<string, SslClientAuthenticationOptions>? Tls { get; set; }

    /// <summary>
    /// Whether the client opens a new session by itself when one has ended: <see cref="ZooKeeperState.Lost"/> is then told, and <see cref="ZooKeeperState.Connecting"/> follows.
    /// Otherwise it stays <see cref="ZooKeeperState.Lost"/>: one client, one session. A session that no server takes back for two of its time-outs is then given up as well: servers that have lost their data
    /// refuse whoever has seen more than they have.
    /// </summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool ReconnectAfterLoss { get; set; }

    /// <summary>The session to go on with, instead of opening one: <see cref="ZooKeeperClient.SessionId"/> of the client that had it.</summary>
    /// <value>Not zero, and with <see cref="SessionPassword"/>. The default is <see langword="null"/>: a new session.</value>
    public long? SessionId { get; set; }

    /// <summary>The password of <see cref="SessionId"/>: <see cref="ZooKeeperClient.SessionPassword"/> of the client that had it.</summary>
    /// <value>The default is empty.</value>
    public ReadOnlyMemory<byte> SessionPassword { get; set; }

    /// <summary>The clock of time-outs, pings and pauses between attempts.</summary>
    /// <value>The default is the system's.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the client logs to.</summary>
    /// <value>The default is <see langword="null"/>: nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <exception cref="ArgumentException">A value is out of range.</exception>
    internal ZooKeeperClientOptions Checked()
    {
        if (SessionTimeout <= TimeSpan.Zero || SessionTimeout.TotalMilliseconds > int.MaxValue)
        {
            throw Wrong(nameof(SessionTimeout), SessionTimeout, "between 1 millisecond and 24 days");
        }

        if (ConnectTimeout is { } connect && (connect <= TimeSpan.Zero || connect.TotalMilliseconds > int.MaxValue))
        {
            throw Wrong(nameof(ConnectTimeout), connect, "between 1 millisecond and 24 days");
        }

        if (ReplyTimeout is { } reply && (reply <= TimeSpan.Zero || reply.TotalMilliseconds > int.MaxValue))
        {
            throw Wrong(nameof(ReplyTimeout), reply, "between 1 millisecond and 24 days");
        }

        if (Acl is null or { Count: 0 })
        {
            throw new ArgumentException($"{nameof(Acl)} must have at least one entry.");
        }

        if (SessionId is 0 || SessionId.HasValue == SessionPassword.IsEmpty)
        {
            throw new ArgumentException($"{nameof(SessionId)} must not be 0, and {nameof(SessionPassword)} is needed with it, and only with it.");
        }

        ArgumentNullException.ThrowIfNull(Credentials);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        return (ZooKeeperClientOptions)MemberwiseClone();
    }

    private static ArgumentException Wrong(string option, TimeSpan value, string range) => new($"{option} must be {range}, and is {value}.");
}
