using Coordination.Conformance;
using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>Connections with TLS, by the driver's own options.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly int _port = FreePort.Next();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_whose_authority_is_trusted_is_used()
    {
        await using var server = await StartAsync();
        var configuration = ConfigurationOptions.Parse($"127.0.0.1:{_port},ssl=true");
        configuration.TrustIssuer(_certificates.Authority);
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
    public void Dispose() => _certificates.Dispose();

    private async Task<RedisServerProcess> StartAsync()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        var server = new RedisServerProcess(
            "--tls-port", $"{_port}", "--tls-cert-file", _certificates.Server.Certificate, "--tls-key-file", _certificates.Server.Key, "--tls-ca-cert-file", _certificates.Authority, "--tls-auth-clients", "no");
        await server.StartAsync();
        return server;
    }
}
