using Coordination.Conformance;
using Coordination.Etcd.Tests.Servers;

namespace Coordination.Etcd.Tests;

/// <summary>Connections with https: the server's certificate, and the client's.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_and_clients_show_certificates_of_one_authority()
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(Backend(server.Address, trusts: true, shows: true));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        await lease.RenewAsync(Token);
    }

    [Fact]
    public async Task A_server_of_an_unknown_authority_is_refused()
    {
        await using var server = await StartAsync();
        Assert.False((await NoTlsAsync(Backend(server.Address, trusts: false, shows: true))).IsTransient);
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_refused()
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(Backend(server.Address, trusts: true, shows: false), new CoordinatorOptions { OperationTimeout = TimeSpan.FromSeconds(3) });
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
        var options = new EtcdBackendOptions { Endpoints = "https://localhost", CertificateAuthorityFile = _certificates.None };
        var exception = Assert.Throws<ArgumentException>(() => EtcdBackend.Create(options));
        Assert.Contains(nameof(options.CertificateAuthorityFile), exception.Message, StringComparison.Ordinal);
        Assert.Contains("none.pem", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _certificates.Dispose();

    private static async Task<CoordinationException> NoTlsAsync(EtcdBackend backend)
    {
        await using var coordinator = new Coordinator(backend);
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.Contains("TLS", fault.Message, StringComparison.Ordinal);
        return fault;
    }

    private EtcdBackend Backend(string address, bool trusts, bool shows) => EtcdBackend.Create(new EtcdBackendOptions
    {
        Endpoints = address,
        CertificateAuthorityFile = trusts ? _certificates.Authority : null,
        ClientCertificateFile = shows ? _certificates.Client.Certificate : null,
        ClientKeyFile = shows ? _certificates.Client.Key : null,
    });

    private async Task<EtcdServerProcess> StartAsync()
    {
        Missing.SkipWithoutEtcd();
        var server = new EtcdServerProcess(
            "n1", "https", "--cert-file", _certificates.Server.Certificate, "--key-file", _certificates.Server.Key, "--trusted-ca-file", _certificates.Authority, "--client-cert-auth");
        await server.StartAsync();
        return server;
    }
}
