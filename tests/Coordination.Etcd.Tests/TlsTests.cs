using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordination.Etcd.Tests.Servers;

namespace Coordination.Etcd.Tests;

/// <summary>Connections with https: the server's certificate, and the client's.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coordination-etcd-tls-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_and_clients_show_certificates_of_one_authority()
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(Backend(server.Address, "ca", "client"));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        await lease.RenewAsync(Token);
    }

    [Fact]
    public async Task A_server_of_an_unknown_authority_is_refused()
    {
        await using var server = await StartAsync();
        Assert.False((await NoTlsAsync(Backend(server.Address, authority: null, "client"))).IsTransient);
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_refused()
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(Backend(server.Address, "ca", client: null), new CoordinatorOptions { OperationTimeout = TimeSpan.FromSeconds(3) });
        await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
    }

    [Fact]
    public async Task Https_where_http_is_spoken_is_told()
    {
        await using var server = await FaultTests.StartAsync();

        // It just closes such a connection, as one does that is going down: the message leaves both open.
        await NoTlsAsync(EtcdBackend.Create(server.Address.Replace("http:", "https:", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_at_once()
    {
        var options = new EtcdBackendOptions { Endpoints = "https://localhost", CertificateAuthorityFile = Path.Combine(_directory, "none.pem") };
        var exception = Assert.Throws<ArgumentException>(() => EtcdBackend.Create(options));
        Assert.Contains(nameof(options.CertificateAuthorityFile), exception.Message, StringComparison.Ordinal);
        Assert.Contains("none.pem", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static async Task<CoordinationException> NoTlsAsync(EtcdBackend backend)
    {
        await using var coordinator = new Coordinator(backend);
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.Contains("TLS", fault.Message, StringComparison.Ordinal);
        return fault;
    }

    private EtcdBackend Backend(string address, string? authority, string? client) => EtcdBackend.Create(new EtcdBackendOptions
    {
        Endpoints = address,
        CertificateAuthorityFile = authority is null ? null : File(authority),
        ClientCertificateFile = client is null ? null : File(client),
        ClientKeyFile = client is null ? null : File(client + "-key"),
    });

    private string File(string name) => Path.Combine(_directory, name + ".pem");

    private async Task<EtcdServerProcess> StartAsync()
    {
        Missing.SkipWithoutEtcd();
        MakeCertificates();
        var server = new EtcdServerProcess(
            "n1", "https", "--cert-file", File("server"), "--key-file", File("server-key"), "--trusted-ca-file", File("ca"), "--client-cert-auth");
        await server.StartAsync();
        return server;
    }

    private void MakeCertificates()
    {
        var from = DateTimeOffset.UtcNow.AddDays(-1);
        var to = from.AddDays(10);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        using var authority = request.CreateSelfSigned(from, to);
        System.IO.File.WriteAllText(File("ca"), authority.ExportCertificatePem());
        foreach (var name in new[] { "server", "client" })
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var leaf = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            leaf.CertificateExtensions.Add(names.Build());
            leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
                [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
            using var certificate = leaf.Create(authority, from, to.AddDays(-1), RandomNumberGenerator.GetBytes(8));
            System.IO.File.WriteAllText(File(name), certificate.ExportCertificatePem());
            System.IO.File.WriteAllText(File(name + "-key"), key.ExportPkcs8PrivateKeyPem());
        }
    }
}
