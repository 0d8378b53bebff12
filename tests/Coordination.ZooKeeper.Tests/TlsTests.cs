using Coordination.Conformance;
using Coordination.ZooKeeper.Tests.Servers;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Connections with TLS: the server's certificate, and the client's.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_and_clients_show_certificates_of_one_authority_and_strangers_are_refused()
    {
        await using var server = await StartAsync();
        await using (var coordinator = new Coordinator(Backend(server, trusts: true, shows: true)))
        {
            await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
            await lease.RenewAsync(Token);
            Assert.Single((await coordinator.InspectAsync("x", Token)).Holders);
        }

        // A server of an unknown authority; a client without a certificate.
        Assert.Contains("TLS", (await RefusedAsync(Backend(server, trusts: false, shows: true))).Message, StringComparison.Ordinal);
        await RefusedAsync(Backend(server, trusts: true, shows: false));

        // The port without TLS, and the other way round.
        await RefusedAsync(Backend(server, trusts: true, shows: true, server.Port));
        await RefusedAsync(ZooKeeperBackend.Create($"127.0.0.1:{server.SecurePort}"));
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_at_once()
    {
        var options = new ZooKeeperBackendOptions { UseTls = true, CertificateAuthorityFile = _certificates.None };
        var exception = Assert.Throws<ArgumentException>(() => ZooKeeperBackend.Create(options));
        Assert.Contains("none.pem", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _certificates.Dispose();

    private static async Task<CoordinationException> RefusedAsync(ZooKeeperBackend backend)
    {
        await using var coordinator = new Coordinator(backend, new CoordinatorOptions { OperationTimeout = TimeSpan.FromSeconds(5) });
        return await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
    }

    private ZooKeeperBackend Backend(ZooKeeperServerProcess server, bool trusts, bool shows, int? port = null) => ZooKeeperBackend.Create(new ZooKeeperBackendOptions
    {
        ConnectionString = $"127.0.0.1:{port ?? server.SecurePort}",
        UseTls = true,
        CertificateAuthorityFile = trusts ? _certificates.Authority : null,
        ClientCertificateFile = shows ? _certificates.Client.Both : null,

        // The one that is not refused has the server's first handshake to wait for.
        CallTimeout = TimeSpan.FromSeconds(trusts && shows && port is null ? 5 : 1),
    });

    private async Task<ZooKeeperServerProcess> StartAsync()
    {
        Missing.SkipWithoutZooKeeper();
        var server = new ZooKeeperServerProcess { Secure = (_certificates.Server.Both, _certificates.Authority) };
        await server.StartAsync();
        return server;
    }
}
