using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordination.ZooKeeper.Tests.Servers;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Connections with TLS: the server's certificate, and the client's.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coordination-zookeeper-tls-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_and_clients_show_certificates_of_one_authority_and_strangers_are_refused()
    {
        await using var server = await StartAsync();
        await using (var coordinator = new Coordinator(Backend(server, "ca", "client")))
        {
            await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
            await lease.RenewAsync(Token);
            Assert.Single((await coordinator.InspectAsync("x", Token)).Holders);
        }

        // A server of an unknown authority; a client without a certificate.
        Assert.Contains("TLS", (await RefusedAsync(Backend(server, authority: null, "client"))).Message, StringComparison.Ordinal);
        await RefusedAsync(Backend(server, "ca", client: null));

        // The port without TLS, and the other way round.
        await RefusedAsync(Backend(server, "ca", "client", server.Port));
        await RefusedAsync(ZooKeeperBackend.Create($"127.0.0.1:{server.SecurePort}"));
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_at_once()
    {
        var options = new ZooKeeperBackendOptions { UseTls = true, CertificateAuthorityFile = Path.Combine(_directory, "none.pem") };
        var exception = Assert.Throws<ArgumentException>(() => ZooKeeperBackend.Create(options));
        Assert.Contains("none.pem", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static async Task<CoordinationException> RefusedAsync(ZooKeeperBackend backend)
    {
        await using var coordinator = new Coordinator(backend, new CoordinatorOptions { OperationTimeout = TimeSpan.FromSeconds(5) });
        return await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
    }

    private ZooKeeperBackend Backend(ZooKeeperServerProcess server, string? authority, string? client, int? port = null) => ZooKeeperBackend.Create(new ZooKeeperBackendOptions
    {
        ConnectionString = $"127.0.0.1:{port ?? server.SecurePort}",
        UseTls = true,
        CertificateAuthorityFile = authority is null ? null : File(authority),
        ClientCertificateFile = client is null ? null : File(client),
        CallTimeout = TimeSpan.FromSeconds(1),
    });

    private string File(string name) => Path.Combine(_directory, name + ".pem");

    private async Task<ZooKeeperServerProcess> StartAsync()
    {
        Missing.SkipWithoutZooKeeper();
        MakeCertificates();
        var server = new ZooKeeperServerProcess { Secure = (File("server"), File("ca")) };
        await server.StartAsync();
        return server;
    }

    // Each file has the key and the certificate, as both sides take it.
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
            names.AddDnsName("localhost");
            leaf.CertificateExtensions.Add(names.Build());
            leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
            using var certificate = leaf.Create(authority, from, to.AddDays(-1), RandomNumberGenerator.GetBytes(8));
            System.IO.File.WriteAllText(File(name), $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n");
        }
    }
}
