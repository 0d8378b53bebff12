using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>Connections with TLS, by the driver's own options.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coordination-redis-tls-").FullName;
    private readonly int _port = FreePort.Next();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_whose_authority_is_trusted_is_used()
    {
        await using var server = await StartAsync();
        var configuration = ConfigurationOptions.Parse($"127.0.0.1:{_port},ssl=true");
        configuration.TrustIssuer(File("ca"));
        await using var coordinator = new Coordinator(RedisBackend.Create(configuration));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        await lease.RenewAsync(Token);
    }

    [Fact]
    public async Task A_server_of_an_unknown_authority_is_refused_and_the_error_says_that_it_is_about_TLS()
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(RedisBackend.Create($"127.0.0.1:{_port},ssl=true"));
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.Contains("TLS", fault.Message, StringComparison.Ordinal);
        Assert.False(fault.IsTransient);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string File(string name) => Path.Combine(_directory, name + ".pem");

    private async Task<RedisServerProcess> StartAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        MakeCertificates();
        var server = new RedisServerProcess(
            "--tls-port", $"{_port}", "--tls-cert-file", File("server"), "--tls-key-file", File("server-key"), "--tls-ca-cert-file", File("ca"), "--tls-auth-clients", "no");
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
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        leaf.CertificateExtensions.Add(names.Build());
        leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = leaf.Create(authority, from, to.AddDays(-1), RandomNumberGenerator.GetBytes(8));
        System.IO.File.WriteAllText(File("server"), certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(File("server-key"), key.ExportPkcs8PrivateKeyPem());
    }
}
