namespace Coordination.Etcd;

/// <summary>How the etcd backend connects and names its keys.</summary>
public sealed class EtcdBackendOptions
{
    /// <summary>Where the members of the cluster are: <c>http://etcd1:2379,http://etcd2:2379</c>.</summary>
    /// <value>
    /// One or more addresses, separated by commas, with the scheme <c>http</c> or <c>https</c>; without one it is <c>http</c>. The default is
    /// <c>http://localhost:2379</c>. One is used at a time; when it is out of reach or does not answer, the next takes its place.
    /// </value>
    public string Endpoints { get; set; } = "http://localhost:2379";

    /// <summary>What the names of keys begin with. Applications that share a cluster and must not meet use different ones.</summary>
    /// <value>1 to 128 characters, without white space, control characters and <c>|</c>. The default is <c>coordination</c>.</value>
    public string KeyPrefix { get; set; } = "coordination";

    /// <summary>The user, where the cluster has authentication enabled.</summary>
    /// <value>The default is <see langword="null"/>: no authentication.</value>
    public string? UserName { get; set; }

    /// <summary>The user's password.</summary>
    /// <value>Needed with <see cref="UserName"/>, and only with it. The default is <see langword="null"/>.</value>
    public string? Password { get; set; }

    /// <summary>A PEM file of the authorities that the servers' certificates are checked against, for addresses with <c>https</c>.</summary>
    /// <value>The default is <see langword="null"/>: those that the operating system trusts. Read once, when the backend is made.</value>
    public string? CertificateAuthorityFile { get; set; }

    /// <summary>A PEM file of the certificate that this client shows, where the servers want one.</summary>
    /// <value>The default is <see langword="null"/>: none. Read once, when the backend is made.</value>
    public string? ClientCertificateFile { get; set; }

    /// <summary>A PEM file of the private key of <see cref="ClientCertificateFile"/>.</summary>
    /// <value>The default is <see langword="null"/>: the key is in the certificate's file.</value>
    public string? ClientKeyFile { get; set; }

    /// <summary>
    /// How long one member may take to answer one request. After that the request has failed, with an unknown outcome, and the next goes to another member;
    /// the coordinator asks again within its <see cref="CoordinatorOptions.OperationTimeout"/>.
    /// </summary>
    /// <value>
    /// From 100 milliseconds to 1 minute. The default is 2 seconds, twice the time in which a cluster with etcd's default settings notices that its leader is gone. It should be
    /// less than half the operation timeout, so that there is time to ask another member.
    /// </value>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
