using System.Globalization;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Participants;

namespace Coordination.Benchmarks.Servers;

/// <summary>Servers that were started for the run, put at a distance by a <see cref="Relay"/>.</summary>
internal sealed class DistantServers : IServers
{
    private readonly IServers _servers;
    private readonly Participant _relay;

    private DistantServers(IServers servers, Participant relay, string connection, int microseconds)
    {
        _servers = servers;
        _relay = relay;
        Connection = connection;
        Description = string.Create(CultureInfo.InvariantCulture, $"{servers.Description}; a relay holds every message for {microseconds} µs each way");
    }

    public string Description { get; }

    public string Connection { get; }

    /// <summary>Whether it can be done at all: before anything is started.</summary>
    public static void Check(Backend backend, Endpoints given)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new UsageException("--distance needs sleeps of microseconds, which Windows does not have.");
        }

        if (backend.Store == Store.InMemory || given != new Endpoints())
        {
            throw new UsageException("--distance puts servers at a distance that are started for the run: memory has none, and yours are as far away as they are.");
        }
    }

    /// <param name="servers">Whose they stay.</param>
    /// <param name="microseconds">How far away, each way.</param>
    public static async Task<DistantServers> OpenAsync(IServers servers, int microseconds)
    {
        var addresses = servers.Connection.Split(',');
        var relay = await Participant.StartAsync(Relay.Role, new Relay.Order([.. addresses.Select(Port)], microseconds));
        try
        {
            var ports = await relay.HearAsync("ports");
            return new DistantServers(servers, relay, string.Join(',', addresses.Zip(ports, WithPort)), microseconds);
        }
        catch
        {
            await relay.DisposeAsync();
            throw;
        }
    }

    public Task<long?> RequestsAsync() => _servers.RequestsAsync();

    public Task<TimeSpan> ProcessorTimeAsync() => _servers.ProcessorTimeAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private static int Port(string address) => int.Parse(address.AsSpan(address.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);

    private static string WithPort(string address, long port) => string.Create(CultureInfo.InvariantCulture, $"{address[..(address.LastIndexOf(':') + 1)]}{port}");
}
