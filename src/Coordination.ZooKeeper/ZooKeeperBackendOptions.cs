namespace Coordination.ZooKeeper;

/// <summary>How the ZooKeeper backend connects and names its nodes.</summary>
public sealed class ZooKeeperBackendOptions
{
    /// <summary>Where the servers are, and a node that is taken for the root: <c>zk1:2181,zk2:2181,zk3:2181/chroot</c>.</summary>
    /// <value>
    /// One or more names or addresses (IPv6 in brackets) with ports, separated by commas, and a path that may be left out. The port is 2181 where none is given. The default
    /// is <c>localhost:2181</c>. A path that does not exist is made.
    /// </value>
    public string ConnectionString { get; set; } = "localhost:2181";

    /// <summary>The node that all others are under, within the chroot. Applications that share an ensemble and must not meet use different ones.</summary>
    /// <value>An absolute path of 2 to 256 characters. The default is <c>/coordination</c>. It is made when it does not exist.</value>
    public string RootPath { get; set; } = "/coordination";

    /// <summary>The user of ZooKeeper's scheme <c>digest</c>.</summary>
    /// <value>The default is <see langword="null"/>: none. It must not contain a colon.</value>
    public string? UserName { get; set; }

    /// <summary>The user's password. Without TLS it goes over the network in clear text.</summary>
    /// <value>Needed with <see cref="UserName"/>, and only with it. The default is <see langword="null"/>.</value>
    public string? Password { get; set; }

    /// <summary>The ACL of the nodes that are made, as ZooKeeper's shell writes it: <c>digest:app:HASH:cdrwa,world:anyone:r</c>.</summary>
    /// <value>
    /// Entries <c>scheme:id:permissions</c> with permissions from <c>cdrwa</c>, separated by commas; <c>auth::cdrwa</c> stands for whoever makes the node. The default, <see langword="null"/>, is
    /// <c>auth::cdrwa</c> where there is a <see cref="UserName"/>, and <c>world:anyone:cdrwa</c> otherwise. All that use a resource need read, write, create and delete.
    /// </value>
    public string? Acl { get; set; }

    /// <summary>Whether connections use TLS. The port is then that of <c>secureClientPort</c>.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool UseTls { get; set; }

    /// <summary>A PEM file of the authorities that the servers' certificates are checked against.</summary>
    /// <value>Only with <see cref="UseTls"/>. The default is <see langword="null"/>: those that the operating system trusts. Read once, when the backend is made.</value>
    public string? CertificateAuthorityFile { get; set; }

    /// <summary>A PEM file of the certificate that this client shows, which servers want unless they are told not to.</summary>
    /// <value>Only with <see cref="UseTls"/>. The default is <see langword="null"/>: none. Read once, when the backend is made.</value>
    public string? ClientCertificateFile { get; set; }

    /// <summary>A PEM file of the private key of <see cref="ClientCertificateFile"/>.</summary>
    /// <value>The default is <see langword="null"/>: the key is in the certificate's file.</value>
    public string? ClientKeyFile { get; set; }

    /// <summary>
    /// How long a server may take to answer a request, or to take a connection. Then the connection is given up, and the session goes on with another server.
    /// </summary>
    /// <value>
    /// From 100 milliseconds to 1 minute. The default is 2 seconds. A third of a session's duration is the most that is used, so that there is time for another server. A server that is named alone gets a sixth of the duration
    /// where that is longer, and at most 10 seconds: there is no other.
    /// </value>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
