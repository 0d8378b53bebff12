using Coordination.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Coordination.Conformance;

/// <summary>A Generic Host on a connection of its own to the server under test.</summary>
public sealed class HostUnderTest : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Client _client;

    public HostUnderTest(TermJournal journal, string name, BackendServer server, Client client, Action<IServiceCollection> configure)
    {
        Name = name;
        _client = client;
        _host = Create(journal, name, server.Time.Provider, configure, client.Coordinator);
    }

    public string Name { get; }

    public BackendConnection Connection => _client.Connection;

    public IServiceProvider Services => _host.Services;

    public HostIdentity Identity => Services.GetRequiredService<HostIdentity>();

    public ILeadershipStatus Status => Services.GetRequiredService<ILeadershipStatus>();

    /// <summary>Makes a host whose coordinator is a given one, whatever its builder says.</summary>
    public static IHost Create(TermJournal journal, string name, TimeProvider time, Action<IServiceCollection> configure, ICoordinator coordinator)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services);
        builder.Services.RemoveAll<IHostLifetime>(); // the process's signals are not this host's business
        builder.Services
            .AddSingleton<IHostLifetime, NoLifetime>()
            .AddSingleton(time)
            .AddSingleton(journal)
            .AddSingleton(new HostIdentity(name))
            .AddScoped<TermScope>()
            .AddSingleton(coordinator); // given, not made: the container does not dispose it
        return builder.Build();
    }

    public Task StartAsync() => _host.StartAsync(TestContext.Current.CancellationToken);

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Connection.Restore();
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
