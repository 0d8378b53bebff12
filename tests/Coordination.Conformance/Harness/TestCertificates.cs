using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coordination.Conformance;

/// <summary>An authority, and certificates of it for a server on the loopback and for a client, as PEM files in a directory that goes with them.</summary>
public sealed class TestCertificates : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly string _directory = Directory.CreateTempSubdirectory("coordination-tls-").FullName;

    public TestCertificates()
    {
        var from = DateTimeOffset.UtcNow.AddDays(-1);
        var to = from.AddDays(10);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        using var authority = request.CreateSelfSigned(from, to);
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        Server = Issue("server", authority);
        Client = Issue("client", authority);
    }

    /// <summary>The authority's certificate.</summary>
    public string Authority => PathOf("authority");

    /// <summary>What the server shows: to clients, and to other servers.</summary>
    public CertificateFiles Server { get; }

    /// <summary>What a client shows.</summary>
    public CertificateFiles Client { get; }

    /// <summary>A file that is not there.</summary>
    public string None => PathOf("none");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private CertificateFiles Issue(string name, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        using var certificate = request.Create(authority, authority.NotBefore, authority.NotAfter.AddDays(-1), RandomNumberGenerator.GetBytes(8));
        var files = new CertificateFiles(PathOf(name), PathOf($"{name}-key"), PathOf($"{name}-both"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(files.Both, $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n");
        return files;
    }

    private string PathOf(string name) => Path.Combine(_directory, $"{name}.pem");
}

/// <summary>A certificate and its private key, in a file each and in one.</summary>
public sealed record CertificateFiles(string Certificate, string Key, string Both);
